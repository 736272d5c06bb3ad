// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.random.RandomGenerator;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.NodeContext;

/**
 * How nodes are made.
 *
 * @param context what nodes of the filesystem are like
 * @param checksum of bsets; one that encrypts where the filesystem is encrypted
 * @param random where the numbers come from that tell nodes apart
 * @param shardBits how many leading bits of inode numbers keep nodes apart
 */
public record NodeSettings(
    NodeContext context, ChecksumType checksum, RandomGenerator random, int shardBits) {
  /** Inode numbers are positive. */
  private static final int INODE_BITS = 63;

  /** Bytes of keys that a bset can count. */
  private static final long BSET_BYTES_MOST = 0xffff * 8L;

  /** Bytes of keys that fit into a node's first bset. */
  long keyBytesMost() {
    return Math.min(context.nodeBytes() - BtreeNodeLayout.BYTES, BSET_BYTES_MOST);
  }

  /** Bytes of keys that a new node gets at most: there is room for some more bsets. */
  long keyBytesWanted() {
    return keyBytesMost() * 3 / 4 - BtreeNodeEntryLayout.BYTES;
  }

  /** Two neighbours with no more bytes of keys together become one. */
  long keyBytesMerged() {
    return keyBytesMost() / 2;
  }

  /** Three become one. */
  long keyBytesOfThreeInOne() {
    return keyBytesMost() * 3 / 5;
  }

  /** Three become two. */
  long keyBytesOfThreeInTwo() {
    return 2 * keyBytesOfThreeInOne();
  }

  /** One with no more is to become a part of its neighbours. */
  long keyBytesSmall() {
    return keyBytesMost() / 3;
  }

  /** Unwritten keys of so many bytes are written. */
  long tailBytesMost() {
    return context.nodeBytes() / 4L;
  }

  /** Whether inodes of different shards are kept in different nodes there. */
  boolean isSharded(BtreeId btree, int level) {
    return shardBits > 0
        && level == 0
        && (btree == BtreeId.INODES
            || btree == BtreeId.EXTENTS
            || btree == BtreeId.DIRENTS
            || btree == BtreeId.XATTRS);
  }

  /** The shard of an inode number. */
  long shard(long inode) {
    return inode >>> (INODE_BITS - shardBits);
  }

  /** The first number of a shard. */
  long firstOf(long shard) {
    return shard << (INODE_BITS - shardBits);
  }

  /** A number that tells one node from all others; never 0. */
  long newSeq() {
    long seq;
    do {
      seq = random.nextLong();
    } while (seq == 0);
    return seq;
  }
}
