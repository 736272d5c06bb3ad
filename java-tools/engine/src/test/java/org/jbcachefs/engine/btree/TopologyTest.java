// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeEncoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A golden btree of two levels, its root written anew with other pointers. */
class TopologyTest {
  private static final int INODES = BtreeId.INODES.number();

  private final List<Finding> findings = new CopyOnWriteArrayList<>();
  private GoldenBtrees golden;
  private List<BtreePointer> children;
  private List<Bpos> keys;

  @BeforeEach
  void open() {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open("multi-file-tree").forEach(d -> devices.add(new CopyOnWriteDevice(d)));
    golden = GoldenBtrees.over("multi-file-tree", devices);
    BtreeNode root = golden.btrees.open(golden.btrees.rootPointer(INODES));
    children = new ArrayList<>();
    for (int i = 0; i < root.size(); i++) {
      children.add(root.pointerAt(i));
    }
    keys = positions(golden.btrees);
  }

  @AfterEach
  void close() {
    golden.close();
  }

  private static List<Bpos> positions(Btrees btrees) {
    List<Bpos> positions = new ArrayList<>();
    try (KeyIterator iterator = btrees.iterate(INODES, Bpos.MIN, Bpos.MAX)) {
      while (iterator.next()) {
        positions.add(iterator.key().pos());
      }
    }
    return positions;
  }

  /** The same btree with a root of these pointers, which spans that range. */
  private BtreesOverDevices rewritten(List<BtreePointer> pointers, Bpos max) {
    BtreePointer old = golden.btrees.rootPointer(INODES);
    MemorySegment bytes = Arena.ofAuto().allocate(golden.context.nodeBytes(), 8);
    NodeEncoder.Header header =
        new NodeEncoder.Header(INODES, old.level(), 9, old.seq(), Bpos.MIN, max, BkeyFormat.FULL);
    NodeEncoder encoder =
        new NodeEncoder(golden.context, header, ChecksumType.CRC32C_NONZERO, bytes);
    List<Bkey> pointerKeys = pointers.stream().map(BtreePointer::toKey).toList();
    encoder.addBset(pointerKeys, 1);
    for (BtreePointer.Replica replica : old.replicas()) {
      golden.devices.device(replica.device()).write(replica.sector() * 512, bytes);
    }
    BtreePointer root =
        new BtreePointer(
            INODES,
            old.level(),
            Bpos.MIN,
            max,
            old.seq(),
            encoder.sectorsWritten(),
            false,
            old.replicas());
    Overlay overlay =
        Overlay.ofRoots(Map.of(INODES, new BtreeRoot(INODES, old.level(), root.toKey())));
    return new BtreesOverDevices(golden.reader, overlay, 16 << 20, findings::add);
  }

  private int sizeOf(int child) {
    return golden.btrees.open(children.get(child)).size();
  }

  private List<String> names() {
    return findings.stream().map(Finding::name).toList();
  }

  @Test
  void aGapBetweenNodesIsReportedAndTheRestIsRead() {
    List<BtreePointer> pointers = new ArrayList<>(children);
    BtreePointer dropped = pointers.remove(3);
    BtreesOverDevices btrees = rewritten(pointers, Bpos.MAX);
    int missing = sizeOf(3);
    assertEquals(keys.size() - missing, positions(btrees).size());
    assertEquals(List.of("btree_node_topology_gap_between_nodes"), names());
    assertTrue(findings.getFirst().what().contains(dropped.minKey() + " - " + dropped.maxKey()));
    assertFalse(btrees.lookup(INODES, dropped.maxKey(), new Bkey()));
    assertEquals(1, findings.size());
  }

  @Test
  void gapsAtBothEndsAreReported() {
    BtreesOverDevices btrees = rewritten(children.subList(1, children.size() - 1), Bpos.MAX);
    int missing = sizeOf(0) + sizeOf(children.size() - 1);
    assertEquals(keys.size() - missing, positions(btrees).size());
    assertEquals(2, findings.size());
  }

  @Test
  void aNodeThatReachesIntoTheOneBeforeItIsReportedAndNoKeyComesTwice() {
    List<BtreePointer> pointers = new ArrayList<>(children);
    BtreePointer before = pointers.get(4);
    BtreePointer reaching = pointers.get(5).withRange(before.minKey(), pointers.get(5).maxKey());
    pointers.set(5, reaching);
    BtreesOverDevices btrees = rewritten(pointers, Bpos.MAX);
    assertEquals(keys, positions(btrees));
    assertEquals(List.of("btree_node_topology_overwritten_by_next_node"), names());
  }

  @Test
  void aRootThatDoesNotSpanEverythingIsReported() {
    Bpos max = children.get(6).maxKey();
    BtreesOverDevices btrees = rewritten(children.subList(0, 7), max);
    assertEquals(keys.stream().filter(key -> key.compareTo(max) <= 0).toList(), positions(btrees));
    assertTrue(names().contains("btree_node_topology_bad_root_max_key"));
  }

  @Test
  void anUnreadableNodeThrowsOnceAndTheIteratorGoesOnBehindIt() {
    BtreePointer lost = children.get(3);
    for (BtreePointer.Replica replica : lost.replicas()) {
      CopyOnWriteDevice device = (CopyOnWriteDevice) golden.devices.device(replica.device());
      device.flip(replica.sector() * 512 + 300, 1);
    }
    int missing = sizeOf(3);
    BtreesOverDevices btrees = rewritten(children, Bpos.MAX);
    int count = 0;
    int thrown = 0;
    try (KeyIterator iterator = btrees.iterate(INODES, Bpos.MIN, Bpos.MAX)) {
      boolean more = true;
      while (more) {
        try {
          more = iterator.next();
          count += more ? 1 : 0;
        } catch (CorruptionException e) {
          assertEquals("btree_node_read_error", e.errorName());
          assertTrue(e.getMessage().contains("checksum error"), e.getMessage());
          thrown++;
        }
      }
    }
    assertEquals(1, thrown);
    assertEquals(keys.size() - missing, count);
    assertThrows(CorruptionException.class, () -> btrees.lookup(INODES, lost.maxKey(), new Bkey()));
  }

  @Test
  void seekingLandsOnTheFirstKeyAtOrBehindThePosition() {
    try (KeyIterator iterator = golden.btrees.iterate(INODES, Bpos.MIN, Bpos.MAX)) {
      for (int at : new int[] {5000, 17, 23000, 23001, 0, 12345, keys.size() - 1}) {
        iterator.seek(keys.get(at));
        assertTrue(iterator.next());
        assertEquals(keys.get(at), iterator.key().pos());
        boolean more = at + 1 < keys.size();
        assertEquals(more, iterator.next());
        assertEquals(keys.get(more ? at + 1 : at), iterator.key().pos());
        iterator.seek(keys.get(at).successor());
        assertEquals(more, iterator.next());
      }
    }
  }

  @Test
  void rangesIncludeBothEnds() {
    try (KeyIterator iterator = golden.btrees.iterate(INODES, keys.get(100), keys.get(2100))) {
      int at = 100;
      while (iterator.next()) {
        assertEquals(keys.get(at++), iterator.key().pos());
      }
      assertEquals(2101, at);
    }
  }

  @Test
  void partitionsBeginAtTheirFirstPositionsAndCoverEverything() {
    for (int pieces : new int[] {1, 2, 5, 1000}) {
      List<Bpos> starts = golden.btrees.partition(INODES, pieces);
      assertEquals(Bpos.MIN, starts.getFirst());
      assertTrue(starts.size() <= Math.min(pieces, children.size()));
      int count = 0;
      for (int i = 0; i < starts.size(); i++) {
        Bpos end = i + 1 < starts.size() ? starts.get(i + 1).predecessor() : Bpos.MAX;
        try (KeyIterator iterator = golden.btrees.iterate(INODES, starts.get(i), end)) {
          while (iterator.next()) {
            count++;
          }
        }
      }
      assertEquals(keys.size(), count);
    }
  }

  @Test
  void lookupFindsEveryKeyAndNothingElse() {
    Bkey found = new Bkey();
    for (int i = 0; i < keys.size(); i += 7) {
      assertTrue(golden.btrees.lookup(INODES, keys.get(i), found));
      assertEquals(keys.get(i), found.pos());
      Bpos next = keys.get(i).successor();
      boolean there = i + 1 < keys.size() && keys.get(i + 1).equals(next);
      assertEquals(there, golden.btrees.lookup(INODES, next, found));
    }
  }
}
