// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetCheck;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every journal that a kernel wrote, dirty and clean ones. */
class GoldenJournalTest {
  static List<String> names() {
    return GoldenImages.names();
  }

  static List<String> dirty() {
    return GoldenImages.names().stream().filter(name -> name.startsWith("dirty-")).toList();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyEntryIsSoundAndTheRootsAreThere(String name) {
    try (GoldenFilesystem golden = GoldenFilesystem.open(name)) {
      JournalReplay replay = JournalRecovery.of(golden.devices(), golden.key(), 2);
      assertEquals(List.of(), replay.findings());
      assertNotNull(replay.overlay().root(BtreeId.EXTENTS.number()).key());
      assertNotNull(replay.overlay().root(BtreeId.SNAPSHOTS.number()).key());

      JournalReader reader = JournalRecovery.reader(golden.devices(), golden.key(), 2);
      JournalIndex index = reader.readAll();
      assertFalse(index.entries().isEmpty());
      assertEquals(List.of(), index.findings());
      List<Finding> findings = new ArrayList<>();
      JournalFormat format = JournalRecovery.format(golden.devices().superblock(), golden.key());
      try (JournalLoader loader = new JournalLoader(format)) {
        for (JournalEntry entry : index.entries()) {
          assertTrue(entry.copies().stream().allMatch(JournalCopy::good), entry.toString());
          new JsetCheck(Place.NOWHERE, findings::add).check(loader.load(entry));
        }
      }
      assertEquals(List.of(), findings);
      assertEquals(replay.lastSeq(), lastFlush(index).seq());
    }
  }

  private static JournalEntry lastFlush(JournalIndex index) {
    return index.entries().reversed().stream()
        .filter(entry -> !entry.noFlush())
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theJournalsOwnLastWordEqualsTheCleanSection(String name) {
    try (GoldenFilesystem golden = GoldenFilesystem.open(name)) {
      JournalReplay one = JournalRecovery.of(golden.devices(), golden.key(), 2);
      JournalReplay two = JournalRecovery.reader(golden.devices(), golden.key(), 2).replayAll();
      assertEquals(one.lastSeq(), two.lastSeq());
      assertEquals(one.keyVersion(), two.keyVersion());
      assertEquals(roots(one), roots(two));
    }
  }

  private static List<String> roots(JournalReplay replay) {
    List<String> roots = new ArrayList<>();
    for (BtreeRoot root : replay.roots()) {
      byte[] value = root.key().value().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      java.util.Arrays.fill(value, 0, 8, (byte) 0); // a pointer in the writer's memory
      roots.add(
          root.btree() + " " + root.level() + " " + java.util.HexFormat.of().formatHex(value));
    }
    return roots;
  }

  @ParameterizedTest
  @MethodSource("dirty")
  void theOverlayHoldsTheNewestOfEachReplayedKeyAndNothingElse(String name) {
    try (GoldenFilesystem golden = GoldenFilesystem.open(name)) {
      JournalReplay replay = JournalRecovery.of(golden.devices(), golden.key(), 2);
      assertFalse(replay.clean());
      var newest = new java.util.TreeMap<String, String>();
      JournalReader reader = JournalRecovery.reader(golden.devices(), golden.key(), 2);
      JournalFormat format = JournalRecovery.format(golden.devices().superblock(), golden.key());
      long deltas = 0;
      try (JournalLoader loader = new JournalLoader(format)) {
        for (JournalEntry entry : reader.readAll().entries()) {
          if (entry.seq() >= replay.firstSeq() && entry.seq() <= replay.lastSeq()) {
            deltas += gather(loader.load(entry), newest);
          }
        }
      }
      assertEquals(deltas, replay.overlay().accounting().size());
      assertTrue(deltas > 0);
      int held = 0;
      for (int btree : replay.overlay().btrees()) {
        for (int level = 0; level <= replay.overlay().topLevel(btree); level++) {
          held += holds(replay.overlay().keys(btree, level), btree, level, newest);
        }
      }
      assertEquals(newest.size(), held);
      assertTrue(held > 0);
    }
  }

  /** Adds a jset's keys to the map, and returns how many accounting deltas it has. */
  private static long gather(Jset jset, java.util.Map<String, String> newest) {
    long deltas = 0;
    JsetEntry entry = new JsetEntry().over(jset);
    JsetKeys keys = new JsetKeys();
    Bkey key = new Bkey();
    while (entry.next()) {
      keys.over(entry);
      while (entry.is(JsetEntryType.BTREE_KEYS) && keys.next()) {
        keys.read(key);
        if (entry.btree() == BtreeId.ACCOUNTING.number()) {
          deltas++;
        } else {
          newest.put(entry.btree() + " " + entry.level() + " " + key.pos(), text(key));
        }
      }
    }
    return deltas;
  }

  private static String text(Bkey key) {
    return key
        + " "
        + java.util.HexFormat.of()
            .formatHex(key.value().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
  }

  private static int holds(
      OverlayKeys keys, int btree, int level, java.util.Map<String, String> newest) {
    Bkey key = new Bkey();
    Bpos before = null;
    for (int i = 0; i < keys.size(); i++) {
      keys.get(i, key);
      assertEquals(newest.get(btree + " " + level + " " + key.pos()), text(key));
      assertEquals(i, keys.lowerBound(key.pos()));
      assertTrue(before == null || before.compareTo(key.pos()) < 0);
      before = key.pos();
    }
    return keys.size();
  }
}
