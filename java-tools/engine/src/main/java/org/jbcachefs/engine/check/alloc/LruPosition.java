// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Where buckets and stripes stand in the LRU lists: positions in the lru btree are a list's number
 * in the upper 16 bits, what stands for a time in the lower 48, and what is listed. Source: {@code
 * alloc_lru_idx_read}, {@code alloc_lru_idx_fragmentation}, {@code stripe_lru_pos}.
 */
final class LruPosition {
  static final int TIME_BITS = 48;
  static final long TIME_MAX = (1L << TIME_BITS) - 1;

  /** List of fragmented buckets before 1.39; since then there is one for each device. */
  static final int FRAGMENTATION = 0xffff;

  static final int STRIPES = 0xfffe;
  private static final int FRAGMENTATION_OF_DEVICE = 8192;

  /** A stripe that is empty and waits for its deletion. */
  private static final long EMPTY = 1;

  private static final long FULL = 1L << 31;

  private final boolean perDevice;

  LruPosition(CheckContext context) {
    this.perDevice = context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
  }

  /** First field of a position. */
  static long of(long list, long time) {
    return list << TIME_BITS | time;
  }

  static int list(long inode) {
    return (int) (inode >>> TIME_BITS);
  }

  static long time(long inode) {
    return inode & TIME_MAX;
  }

  /** The list of a device's fragmented buckets. */
  long fragmentationList(long device) {
    return perDevice ? FRAGMENTATION_OF_DEVICE + device : FRAGMENTATION;
  }

  boolean isFragmentation(int list) {
    return perDevice
        ? list >= FRAGMENTATION_OF_DEVICE && list < FRAGMENTATION_OF_DEVICE + 256
        : list == FRAGMENTATION;
  }

  /** When a cached bucket was last read; 0 of others, which are not listed. */
  static long read(AllocState state) {
    return state.is(DataType.CACHED) ? state.readTime & TIME_MAX : 0;
  }

  /** How full a bucket that could be emptied is; 0 of those that are not listed. */
  static long fragmentation(AllocState state, int bucketSectors) {
    boolean movable =
        state.is(DataType.BTREE) || state.is(DataType.USER) || state.is(DataType.STRIPE);
    if (!movable || state.fragmented(bucketSectors) == 0) {
      return 0;
    }
    return Math.min(state.dirty + state.striped, bucketSectors) * FULL / bucketSectors;
  }

  /** How much of a stripe could be used again; 0 of those that are not listed. */
  static long stripe(StripeValue stripe) {
    int empty = 0;
    for (int block = 0; block < stripe.dataBlocks(); block++) {
      empty += stripe.blockSectors(block) == 0 ? 1 : 0;
    }
    if (empty == stripe.dataBlocks()) {
      return EMPTY;
    }
    int reusable = empty + stripe.canWiden();
    return reusable == 0 ? 0 : TIME_MAX - reusable;
  }
}
