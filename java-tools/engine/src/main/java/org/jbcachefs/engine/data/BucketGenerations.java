// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.Arrays;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.LegacyAlloc;

/**
 * Generations of buckets, from the alloc btree. Thread-safe. A bucket without a key was never used
 * and has generation 0. Sources: {@code struct bch_alloc} to {@code bch_alloc_v4}.
 */
final class BucketGenerations {
  /**
   * Generations of the buckets of one device in ascending order, read for many at once. Belongs to
   * one thread.
   */
  final class Ahead {
    private static final int BUCKETS = 256;

    private final int[] known = new int[BUCKETS];
    private int device = -1;
    private long first;

    /** The generation of a bucket, 0 to 255, or {@link #UNKNOWN}. */
    int of(int dev, long bucket) {
      if (dev != device || bucket < first || bucket >= first + BUCKETS) {
        read(dev, bucket);
      }
      return known[(int) (bucket - first)];
    }

    private void read(int dev, long bucket) {
      device = dev;
      first = bucket;
      int next = 0;
      Bpos last = new Bpos(dev, bucket + BUCKETS - 1, 0);
      try (KeyIterator keys =
          btrees.iterate(BtreeId.ALLOC.number(), new Bpos(dev, bucket, 0), last)) {
        while (keys.next()) {
          int at = (int) (keys.key().offset() - bucket);
          Arrays.fill(known, next, at, 0);
          known[at] = generation(keys.key());
          next = at + 1;
        }
        Arrays.fill(known, next, BUCKETS, 0);
      } catch (CorruptionException e) {
        // Damage of the alloc btree is reported by those who read it for its own sake.
        Arrays.fill(known, next, BUCKETS, UNKNOWN);
      }
    }
  }

  /** What {@link #of} gives when the alloc btree cannot be read there. */
  static final int UNKNOWN = -1;

  private final Btrees btrees;

  BucketGenerations(Btrees btrees) {
    this.btrees = btrees;
  }

  /** The generation of a bucket, 0 to 255, or {@link #UNKNOWN}. */
  int of(int dev, long bucket, Bkey scratch) {
    try {
      if (!btrees.lookup(BtreeId.ALLOC.number(), new Bpos(dev, bucket, 0), scratch)) {
        return 0;
      }
    } catch (CorruptionException e) {
      // Damage of the alloc btree is reported by those who read it for its own sake.
      return UNKNOWN;
    }
    return generation(scratch);
  }

  private static int generation(Bkey key) {
    int offset = offset(key.type());
    return offset < 0 || offset >= key.valueBytes()
        ? UNKNOWN
        : Le.u8(key.segment(), key.valueOffset() + offset);
  }

  private static int offset(int type) {
    if (type == KeyType.ALLOC_V4.number()) {
      return AllocV4.OFFSET_GENERATION;
    }
    if (type == KeyType.ALLOC_V3.number()) {
      return LegacyAlloc.V3_GEN;
    }
    if (type == KeyType.ALLOC_V2.number()) {
      return LegacyAlloc.V2_GEN;
    }
    return type == KeyType.ALLOC.number() ? LegacyAlloc.V1_GEN : -1;
  }
}
