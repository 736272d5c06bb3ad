// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.node.NodePadding;
import org.jbcachefs.format.node.Strictness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeCopiesTest {
  static List<String> names() {
    return GoldenImages.names();
  }

  private static List<BtreePointer> nodes(GoldenBtrees golden) {
    List<BtreePointer> pointers = new ArrayList<>();
    for (int btree : golden.btrees.present()) {
      if (golden.btrees.rootPointer(btree) != null) {
        pointers.add(golden.btrees.rootPointer(btree));
      }
      for (int level = golden.btrees.rootLevel(btree); level > 0; level--) {
        try (KeyIterator keys = golden.btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            pointers.add(BtreePointer.parse(btree, level - 1, keys.key(), Place.NOWHERE));
          }
        }
      }
    }
    return pointers;
  }

  private static long digest(BtreeNode node) {
    long digest = node.size();
    Bkey key = new Bkey();
    for (int i = 0; i < node.size(); i++) {
      node.read(i, key);
      digest = 31 * digest + key.pos().hashCode();
      digest = 31 * digest + key.value().asByteBuffer().hashCode();
    }
    return digest;
  }

  @ParameterizedTest
  @MethodSource("names")
  void allCopiesOfANodeHoldTheSameKeysAndTheirPaddingIsZero(String name) {
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      for (BtreePointer pointer : nodes(golden)) {
        Set<Long> digests = new HashSet<>();
        for (int replica = 0; replica < pointer.replicas().size(); replica++) {
          if (golden.devices.device(pointer.replicas().get(replica).device()) != null) {
            BtreeNode node = golden.reader.readReplica(pointer, replica);
            digests.add(digest(node));
            assertEquals(-1, NodePadding.firstNonZero(golden.context, node.decoded()));
          }
        }
        assertEquals(1, digests.size(), () -> name + " " + pointer);
      }
    }
  }

  /** Each byte of one written leaf in turn: covered by a checksum, or padding that must be zero. */
  @ParameterizedTest
  @ValueSource(strings = {"snapshots", "checksums-all", "encryption", "old-version-1.13"})
  void everyFlippedByteWithinTheSectorsWrittenIsDetected(String name) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      BtreePointer pointer =
          nodes(golden).stream()
              .filter(node -> node.btree() == BtreeId.DIRENTS.number() && node.level() == 0)
              .filter(node -> node.sectorsWritten() > 0 && node.sectorsWritten() < 80)
              .findFirst()
              .orElseThrow();
      BtreePointer.Replica replica = pointer.replicas().getFirst();
      int length = NodeDecoder.bytesToRead(golden.context, pointer);
      MemorySegment whole = Arena.ofAuto().allocate(length, 8);
      golden.devices.read(replica.device(), replica.sector(), whole);
      MemorySegment bytes = Arena.ofAuto().allocate(length, 8);
      for (int at = 0; at < length; at++) {
        bytes.copyFrom(whole);
        byte flipped = (byte) (1 << random.nextInt(8));
        bytes.set(
            java.lang.foreign.ValueLayout.JAVA_BYTE,
            at,
            (byte) (bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at) ^ flipped));
        assertTrue(isDetected(golden.context, pointer, bytes), "byte " + at + " of " + pointer);
      }
    }
  }

  private static boolean isDetected(
      NodeContext context, BtreePointer pointer, MemorySegment bytes) {
    try {
      DecodedNode node =
          NodeDecoder.decode(context, pointer, bytes, Strictness.STRICT, Place.NOWHERE);
      return NodePadding.firstNonZero(context, node) >= 0;
    } catch (CorruptionException e) {
      return true;
    }
  }

  @Test
  void aDamagedCopyIsReplacedByAnotherAndNamed() {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open("replicas2-3dev").forEach(d -> devices.add(new CopyOnWriteDevice(d)));
    try (GoldenBtrees golden = GoldenBtrees.over("replicas2-3dev", devices)) {
      BtreePointer pointer = golden.btrees.rootPointer(BtreeId.INODES.number());
      assertEquals(2, pointer.replicas().size());
      int expected = golden.reader.read(pointer).size();
      flip(golden, pointer, 0, 200);
      assertEquals(expected, golden.reader.read(pointer).size());
      assertEquals("bset_bad_csum", golden.findings.getFirst().name());
      assertEquals(
          golden.devices.name(pointer.replicas().getFirst().device()),
          golden.findings.getFirst().place().device());
      flip(golden, pointer, 1, 17);
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> golden.reader.read(pointer));
      assertEquals("btree_node_read_error", e.errorName());
      assertTrue(e.getMessage().contains("checksum error"), e.getMessage());
      assertTrue(e.getMessage().contains("bad magic"), e.getMessage());
    }
  }

  private static void flip(GoldenBtrees golden, BtreePointer pointer, int replica, long at) {
    BtreePointer.Replica where = pointer.replicas().get(replica);
    CopyOnWriteDevice device = (CopyOnWriteDevice) golden.devices.device(where.device());
    device.flip(where.sector() * 512 + at, 4);
  }
}
