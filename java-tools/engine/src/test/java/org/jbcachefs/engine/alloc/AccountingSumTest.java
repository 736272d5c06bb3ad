// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.testing.GoldenFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the kernel accounted is the sum of what its keys contribute. */
class AccountingSumTest {
  private static final Set<AccountingType> SUMMED =
      EnumSet.of(
          AccountingType.NR_INODES,
          AccountingType.PERSISTENT_RESERVED,
          AccountingType.REPLICAS,
          AccountingType.COMPRESSION,
          AccountingType.SNAPSHOT,
          AccountingType.BTREE,
          AccountingType.INUM);

  /** Those that count as versions do that are written. */
  static List<String> images() {
    return GoldenImages.names().stream()
        .filter(name -> version(name) >= MetadataVersion.CURRENT.number())
        .toList();
  }

  private static int version(String name) {
    try (ReadFilesystem filesystem = GoldenFilesystem.open(name, new ArrayList<>())) {
      return filesystem.superblock().version();
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void everyCounterIsTheSumOverAllKeys(String name) {
    try (ReadFilesystem filesystem = GoldenFilesystem.open(name, new ArrayList<>())) {
      Map<String, List<Long>> accounted = accounted(filesystem);
      Map<String, List<Long>> summed = sums(filesystem).nonZero();
      if (filesystem.superblock().versionMin() < MetadataVersion.CURRENT.number()) {
        // The kernel never checks what it counts by inode and by snapshot, and older versions let
        // it drift.
        accounted.keySet().removeIf(AccountingSumTest::unchecked);
        summed.keySet().removeIf(AccountingSumTest::unchecked);
      }
      assertTrue(accounted.size() > 5, "counters");
      assertEquals(text(accounted), text(summed));
    }
  }

  private static boolean unchecked(String counter) {
    return counter.startsWith("inum ") || counter.startsWith("snapshot ");
  }

  private static String text(Map<String, List<Long>> counters) {
    StringBuilder text = new StringBuilder();
    counters.forEach((key, values) -> text.append(key).append(' ').append(values).append('\n'));
    return text.toString();
  }

  private static Map<String, List<Long>> accounted(ReadFilesystem filesystem) {
    Map<String, List<Long>> counters = new TreeMap<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        AccountingType type =
            AccountingType.of(AccountingKey.typeOf(key, filesystem.superblock().version()));
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < Accounting.counters(key); i++) {
          values.add(Accounting.counter(key, i));
        }
        boolean zero = values.stream().allMatch(value -> value == 0);
        if (type != null && SUMMED.contains(type) && !zero) {
          counters.put(CounterSums.name(AccountingKey.of(key.pos()), type), values);
        }
      }
    }
    return counters;
  }

  private static CounterSums sums(ReadFilesystem filesystem) {
    CounterSums sums = new CounterSums(filesystem);
    Contributions contributions =
        new Contributions(
            ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s),
            filesystem.superblock().btreeNodeBytes() / 512,
            filesystem.superblock().version());
    for (int btree : filesystem.btrees().present()) {
      int root = filesystem.btrees().rootLevel(btree);
      for (int level = 0; level <= root; level++) {
        try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            contributions.of(keys.key(), btree, level, sums);
          }
        }
      }
      BtreeRoot pointer = filesystem.journal().overlay().root(btree);
      contributions.of(pointer.key(), btree, pointer.level() + 1, sums);
    }
    return sums;
  }
}
