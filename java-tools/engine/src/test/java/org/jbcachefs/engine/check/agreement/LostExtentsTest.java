// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.KeptImage;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Extents are lost, by themselves, with a leaf, or all of them: after a repair each byte of each
 * file is right, or it is an error to read it. Zeros never stand in for data.
 */
class LostExtentsTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");

  private static final List<String> BASES =
      List.of("default-1dev", "snapshots", "reflink", "dirty-journal-multidev", "tiered");

  private static final int CUTS = NIGHTLY ? 200 : 4;
  private static final long SEED = Long.getLong("jbcachefs.seedBase", 1);

  /** So many leaves of each filesystem, and about so many keys. */
  private static final int MOST = NIGHTLY ? 40 : 3;

  /** A folder that gets the repaired devices, for whoever wants to judge them; normally none. */
  private static final String KEPT = System.getProperty("jbcachefs.repair.kept", "");

  @TempDir private static Path spill;

  @TestFactory
  Stream<DynamicTest> noZerosStandInForData() {
    return BASES.stream()
        .flatMap(name -> {
          RepairBase base = RepairBase.golden(name);
          return damage(base.inventory()).stream()
              .map(words ->
                  DynamicTest.dynamicTest(
                      name + " " + words.getFirst() + " of " + words.size(),
                      () -> check(base, words)));
        });
  }

  /** Leaves, all of them, the nodes above them, and single keys. */
  private static List<List<String>> damage(Inventory inventory) {
    List<List<String>> all = new ArrayList<>();
    Map<Bpos, List<String>> leaves = new TreeMap<>();
    List<String> interior = new ArrayList<>();
    for (Inventory.Node node : inventory.nodes) {
      if (node.btree().startsWith("extents:")) {
        String zero = "zero " + node.device() + " " + node.offset() + " " + node.written();
        boolean leaf = node.btree().equals("extents:0");
        (leaf ? leaves.computeIfAbsent(node.max(), _ -> new ArrayList<>()) : interior).add(zero);
      }
    }
    leaves.values().stream().limit(MOST).forEach(all::add);
    all.add(leaves.values().stream().flatMap(List::stream).toList());
    if (!interior.isEmpty()) {
      all.add(interior);
    }
    // Of a whiteout, or of a reference in a file with more holes, nothing else tells.
    List<Inventory.Key> keys =
        inventory.keysByBtree.stream()
            .flatMap(List::stream)
            .filter(key -> key.btree().equals("extents") && key.type() == KeyType.EXTENT.number())
            .toList();
    for (int i = 0; i < keys.size(); i += Math.max(1, keys.size() / MOST)) {
      all.add(List.of("delete extents " + keys.get(i).pos()));
    }
    return all;
  }

  private static void check(RepairBase base, List<String> words) {
    List<BlockDevice> devices = base.damaged(words);
    RepairNotes notes = new RepairNotes();
    RepairOptions options =
        new RepairOptions(
            WriteOptions.defaults().withOpen(base.open()),
            CheckOptions.defaults().withThreads(1).withSpill(spill));
    RepairOutcome outcome = new RepairRun(devices, options, notes).run();
    assertTrue(outcome.isClean(), notes::toString);
    FileContents now = base.contents(devices);
    keep(base + "@" + (words.hashCode() & 0xffffff), devices);
    assertEquals(List.of(), base.contents().wrong(now), notes::toString);
    devices.forEach(BlockDevice::close);
  }

  private static void keep(String name, List<BlockDevice> devices) {
    for (int i = 0; !KEPT.isEmpty() && i < devices.size(); i++) {
      KeptImage.write(Path.of(KEPT, name + "." + i), devices.get(i));
    }
  }

  /** What tells of lost data goes in the same repair: not before it is marked. */
  @Test
  void aPowerCutDoesNotMakeZerosOfLostData() {
    RepairBase base = RepairBase.golden("snapshots");
    List<List<String>> all = damage(base.inventory());
    SplittableRandom random = new SplittableRandom(SEED);
    for (List<String> words : List.of(all.getFirst(), all.getLast())) {
      long writes = new RepairSubject(base, SEED, words, false, spill).writes();
      for (int i = 0; i < CUTS; i++) {
        long at = random.nextLong(writes);
        RepairSubject subject = new RepairSubject(base, at, words, false, spill);
        RepairOutcome outcome = subject.cut(at);
        assertTrue(outcome.isClean(), () -> subject + " cut at " + at + "\n" + subject.notes());
      }
    }
  }
}
