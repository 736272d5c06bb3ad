// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.BkeyFormatBuilder;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;

class LegacyNodeTest {
  private static NodeContext context(int version) {
    return new NodeContext(5, 512, 4096, version, 9, null, false, seq -> false);
  }

  private static List<Bkey> decode(
      int version,
      BtreeId btree,
      int level,
      List<Bkey> keys,
      BkeyFormat format,
      Bpos storedMin,
      BtreePointer pointer) {
    MemorySegment bytes = Arena.ofAuto().allocate(4096, 8);
    NodeEncoder.Header header =
        new NodeEncoder.Header(btree.number(), level, 1, 9, storedMin, new Bpos(-1, -1, 0), format);
    NodeEncoder encoder =
        new NodeEncoder(context(version), header, ChecksumType.CRC32C_NONZERO, bytes);
    encoder.addBset(keys, 1);
    DecodedNode node =
        NodeDecoder.decode(context(version), pointer, bytes, Strictness.STRICT, Place.NOWHERE);
    List<Bkey> found = new ArrayList<>();
    for (int i = 0; i < node.keyCount(); i++) {
      found.add(node.format().read(node.bytes(), node.keyOffset(i), new Bkey()));
    }
    return found;
  }

  private static BtreePointer pointer(BtreeId btree, int level, Bpos min) {
    List<BtreePointer.Replica> replicas = List.of(new BtreePointer.Replica(0, 0, 0));
    return new BtreePointer(btree.number(), level, min, Bpos.MAX, 9, 0, false, replicas);
  }

  private static Bkey key(long inode, long offset, KeyType type) {
    return new Bkey().setPos(inode, offset, 0).setType(type.number());
  }

  private static BkeyFormat packing(List<Bkey> keys) {
    BkeyFormatBuilder builder = new BkeyFormatBuilder();
    keys.forEach(builder::add);
    return builder.build();
  }

  @Test
  void keysBeforeSnapshotsGetTheNewestSnapshotPackedOrNot() {
    List<Bkey> keys = List.of(key(4096, 7, KeyType.DIRENT), key(4097, 9, KeyType.DIRENT));
    BkeyFormat narrow =
        BkeyFormat.of(new int[] {8, 8, 8, 0, 0, 0}, new long[] {4096, 0, 0, 0, 0, 0});
    BkeyFormat useless = BkeyFormat.of(new int[6], new long[6]);
    for (BkeyFormat format : List.of(packing(keys), narrow, useless)) {
      BtreePointer pointer = pointer(BtreeId.DIRENTS, 0, Bpos.MIN);
      List<Bkey> found = decode(11, BtreeId.DIRENTS, 0, keys, format, Bpos.MIN, pointer);
      assertEquals(
          List.of(new Bpos(4096, 7, -1), new Bpos(4097, 9, -1)),
          found.stream().map(Bkey::pos).toList());
    }
  }

  @Test
  void inodesBeforeTheChangeHaveTheirNumberMoved() {
    List<Bkey> keys = List.of(key(4096, 0, KeyType.INODE), key(70_000, 0, KeyType.INODE));
    BtreePointer pointer = pointer(BtreeId.INODES, 0, Bpos.MIN);
    List<Bkey> found = decode(10, BtreeId.INODES, 0, keys, packing(keys), Bpos.MIN, pointer);
    assertEquals(
        List.of(new Bpos(0, 4096, -1), new Bpos(0, 70_000, -1)),
        found.stream().map(Bkey::pos).toList());
  }

  @Test
  void extentNodesBeforeTheChangeBeginBehindTheirStoredStart() {
    List<Bkey> keys = List.of(key(4096, 64, KeyType.EXTENT).setSize(8));
    BtreePointer pointer = pointer(BtreeId.EXTENTS, 0, new Bpos(4096, 57, 0));
    List<Bkey> found =
        decode(10, BtreeId.EXTENTS, 0, keys, packing(keys), new Bpos(4096, 56, 0), pointer);
    assertEquals(new Bpos(4096, 64, -1), found.getFirst().pos());
    assertEquals(8, found.getFirst().size());
  }

  @Test
  void oldKeyTypesAreRenumberedByBtree() {
    Bkey old = new Bkey().setPos(4096, 7, 0).setType(129);
    List<Bkey> keys = List.of(old);
    BtreePointer pointer = pointer(BtreeId.XATTRS, 0, Bpos.MIN);
    List<Bkey> found = decode(9, BtreeId.XATTRS, 0, keys, packing(keys), Bpos.MIN, pointer);
    assertEquals(KeyType.HASH_WHITEOUT.number(), found.getFirst().type());
  }

  @Test
  void pointersInInodesNodesHaveTheirFirstPositionPatchedToo() {
    BtreePointer child =
        new BtreePointer(
            BtreeId.INODES.number(),
            0,
            new Bpos(5000, 0, 0),
            new Bpos(70_000, 0, 0),
            77,
            8,
            false,
            List.of(new BtreePointer.Replica(0, 64, 0)));
    List<Bkey> keys = List.of(child.toKey());
    BtreePointer pointer = pointer(BtreeId.INODES, 1, Bpos.MIN);
    List<Bkey> found = decode(10, BtreeId.INODES, 1, keys, packing(keys), Bpos.MIN, pointer);
    BtreePointer patched =
        BtreePointer.parse(BtreeId.INODES.number(), 0, found.getFirst(), Place.NOWHERE);
    assertEquals(new Bpos(0, 5000, 0), patched.minKey());
    assertEquals(new Bpos(0, 70_000, -1), patched.maxKey());
    assertEquals(child.replicas(), patched.replicas());
  }

  @Test
  void malformedOldNodesWithGoodChecksumsThrowOnlyOurExceptions() {
    for (int seed = 0; seed < 5_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int version = 9 + random.nextInt(3);
      BtreeId btree = random.nextBoolean() ? BtreeId.INODES : BtreeId.EXTENTS;
      List<Bkey> keys = List.of(key(4096, 0, KeyType.INODE), key(4097, 0, KeyType.INODE));
      MemorySegment bytes = Arena.ofAuto().allocate(4096, 8);
      NodeEncoder.Header header =
          new NodeEncoder.Header(
              btree.number(), 0, 1, 9, Bpos.MIN, new Bpos(-1, -1, 0), packing(keys));
      NodeContext context = context(version);
      NodeEncoder encoder = new NodeEncoder(context, header, ChecksumType.CRC32C_NONZERO, bytes);
      encoder.addBset(keys, 1);
      for (int i = 0; i < 3; i++) {
        Le.putU8(bytes, BtreeNodeLayout.OFFSET_FORMAT + random.nextInt(120), random.nextInt(256));
      }
      Le.putU16(bytes, BtreeNodeLayout.OFFSET_BSET + (long) BsetLayout.OFFSET_VERSION, version);
      NodeEncoder.restamp(context, bytes, 512);
      BtreePointer pointer = pointer(btree, 0, Bpos.MIN);
      try {
        NodeDecoder.decode(context, pointer, bytes, Strictness.SALVAGE, Place.NOWHERE);
      } catch (BcachefsException e) {
        assertFalse(e.getMessage().isEmpty());
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void anOldBsetInANewerNodeIsDamagedWhereItsPatchedKeysDoNotFitTheFormat() {
    int version = 12;
    MemorySegment bytes = Arena.ofAuto().allocate(4096, 8);
    List<Bkey> keys = List.of(key(4096, 7, KeyType.DIRENT), key(4097, 9, KeyType.DIRENT));
    NodeEncoder.Header header =
        new NodeEncoder.Header(
            BtreeId.DIRENTS.number(), 0, 1, 9, Bpos.MIN, new Bpos(-1, -1, -1), packing(keys));
    NodeContext context = context(version);
    NodeEncoder encoder = new NodeEncoder(context, header, ChecksumType.CRC32C_NONZERO, bytes);
    encoder.addBset(keys, 1);
    encoder.addBset(keys, 1);
    long second = 512 + BtreeNodeEntryLayout.OFFSET_BSET;
    Le.putU16(bytes, second + BsetLayout.OFFSET_VERSION, 11);
    NodeEncoder.restamp(context, bytes, 1024);
    BtreePointer pointer = pointer(BtreeId.DIRENTS, 0, Bpos.MIN);
    CorruptionException thrown =
        assertThrows(
            CorruptionException.class,
            () -> NodeDecoder.decode(context, pointer, bytes, Strictness.STRICT, Place.NOWHERE));
    assertEquals("btree_node_bkey_bad_format", thrown.errorName());
  }
}
