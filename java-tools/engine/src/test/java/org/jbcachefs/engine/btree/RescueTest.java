// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RescueTest {
  /** Every leaf key of every btree, with a digest of its header and value. */
  private static Map<String, Integer> leafKeys(GoldenBtrees golden) {
    Map<String, Integer> found = new TreeMap<>();
    for (int btree : golden.btrees.present()) {
      try (KeyIterator keys = golden.btrees.iterate(btree, Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          found.put(BtreeId.nameOf(btree) + " " + keys.key().pos(), digest(keys.key()));
        }
      }
    }
    return found;
  }

  private static int digest(Bkey key) {
    int digest = 31 * key.type() + key.size();
    for (int at = 0; at < key.valueBytes(); at++) {
      digest = 31 * digest + key.segment().get(ValueLayout.JAVA_BYTE, key.valueOffset() + at);
    }
    return digest;
  }

  /** Pointers to all interior nodes, roots included. */
  private static List<BtreePointer> interiors(GoldenBtrees golden) {
    List<BtreePointer> pointers = new ArrayList<>();
    for (int btree : golden.btrees.present()) {
      int root = golden.btrees.rootLevel(btree);
      if (root > 0) {
        pointers.add(golden.btrees.rootPointer(btree));
      }
      for (int level = root; level > 1; level--) {
        pointers.addAll(children(golden, btree, level));
      }
    }
    return pointers;
  }

  private static List<BtreePointer> children(GoldenBtrees golden, int btree, int level) {
    List<BtreePointer> pointers = new ArrayList<>();
    try (KeyIterator keys = golden.btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        pointers.add(BtreePointer.parse(btree, level - 1, keys.key(), Place.NOWHERE));
      }
    }
    return pointers;
  }

  private static GoldenBtrees damaged(String name, List<BtreePointer> targets) {
    List<BlockDevice> devices = new ArrayList<>();
    for (BlockDevice device : GoldenImages.open(name)) {
      devices.add(new CopyOnWriteDevice(device));
    }
    GoldenBtrees golden = GoldenBtrees.forRescue(name, devices);
    for (BtreePointer target : targets) {
      for (BtreePointer.Replica replica : target.replicas()) {
        if (golden.devices.device(replica.device()) instanceof CopyOnWriteDevice device) {
          device.zero(replica.sector() * 512, golden.context.nodeBytes());
        }
      }
    }
    return golden;
  }

  private static Map<String, Integer> keysWithout(
      String name, List<BtreePointer> targets, Map<String, Integer> expected) {
    assertFalse(targets.isEmpty());
    try (GoldenBtrees golden = damaged(name, targets)) {
      Map<String, Integer> keys = leafKeys(golden);
      RescueReport report = golden.btrees.rescueReport();
      assertTrue(report.scanned());
      assertEquals(List.of(), report.lost());
      assertFalse(report.replaced().isEmpty());
      assertTrue(keys.entrySet().containsAll(expected.entrySet()));
      return keys;
    }
  }

  private static void assertEverythingComesBack(String name, Predicate<BtreePointer> destroyed) {
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      List<BtreePointer> targets = interiors(golden).stream().filter(destroyed).toList();
      Map<String, Integer> expected = leafKeys(golden);
      assertEquals(expected, keysWithout(name, targets, expected));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default-1dev",
        "multi-file-tree",
        "encryption",
        "replicas2-3dev",
        "snapshots",
        "big-sparse",
        "upgraded-1.13-to-1.38",
        "dirty-journal-1"
      })
  void allKeysComeBackWhenEveryInteriorNodeIsZeroed(String name) {
    assertEverythingComesBack(name, pointer -> true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"multi-file-tree", "big-sparse", "many-devices"})
  void allKeysComeBackWhenSomeInteriorNodesAreZeroed(String name) {
    SplittableRandom random = new SplittableRandom(3);
    assertEverythingComesBack(name, pointer -> random.nextInt(10) < 3);
  }

  /** Nodes of a split that the crash interrupted may add keys that never became durable. */
  @Test
  void noKeyOfAnUncleanFilesystemIsLostWithItsInteriorNodes() {
    String name = "dirty-btree-small-nodes";
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      Map<String, Integer> expected = leafKeys(golden);
      Map<String, Integer> keys = keysWithout(name, interiors(golden), expected);
      assertTrue(keys.size() - expected.size() < 10);
    }
  }

  @Test
  void whatNoOtherLeafHoldsIsReportedLost() {
    String name = "multi-file-tree";
    int inodes = BtreeId.INODES.number();
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      BtreePointer leaf = children(golden, inodes, 1).get(3);
      Map<String, Integer> expected = leafKeys(golden);
      int missing = golden.btrees.open(leaf).size();
      try (GoldenBtrees damaged = damaged(name, everyLeafThatOverlaps(golden, leaf))) {
        assertEquals(expected.size() - missing, leafKeys(damaged).size());
        RescueReport report = damaged.btrees.rescueReport();
        assertEquals(
            List.of(new RescueReport.Lost(inodes, leaf.minKey(), leaf.maxKey())), report.lost());
        assertEquals(
            List.of("btree_node_read_error"),
            damaged.findings.stream().map(Finding::name).toList());
      }
    }
  }

  /** That leaf and all its predecessors that are still on the devices. */
  private static List<BtreePointer> everyLeafThatOverlaps(GoldenBtrees golden, BtreePointer leaf) {
    List<BtreePointer> pointers = new ArrayList<>();
    for (FoundNode node : new NodeScan(golden.devices, golden.context, 1, bytes -> {}).run()) {
      boolean overlaps =
          node.btree() == leaf.btree()
              && node.level() == 0
              && node.minKey().compareTo(leaf.maxKey()) <= 0
              && node.maxKey().compareTo(leaf.minKey()) >= 0;
      if (overlaps) {
        pointers.add(node.pointer(node.minKey(), node.maxKey()));
      }
    }
    return pointers;
  }
}
