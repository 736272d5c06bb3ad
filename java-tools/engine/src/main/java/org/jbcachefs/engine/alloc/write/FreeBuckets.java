// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/** Finds free buckets of one device through the freespace btree. Thread-safe. */
final class FreeBuckets {
  private static final long BUCKET_MASK = (1L << 48) - 1;
  private static final int FREESPACE = BtreeId.FREESPACE.number();

  private final Btrees btrees;
  private final OpenBuckets open;
  private final int device;
  private final Bpos counter;
  private final FixedBuckets fixed;
  private long cursor;
  private FreeSource source;

  /** A bucket that was free and is now open. */
  record Found(long bucket, int generation) {}

  FreeBuckets(Btrees btrees, OpenBuckets open, int device, FixedBuckets fixed) {
    this.fixed = fixed;
    this.btrees = btrees;
    this.open = open;
    this.device = device;
    byte[] what = new byte[Bpos.BYTES - 1];
    what[0] = (byte) device;
    what[1] = (byte) DataType.FREE.number();
    this.counter = new AccountingKey(AccountingType.DEV_DATA_TYPE.number(), what).pos();
  }

  /** From now on only those buckets are free; null: those that the btrees say. */
  synchronized void takeFrom(FreeSource other) {
    source = other;
    cursor = 0;
  }

  /** Free buckets as they are counted, open ones aside. */
  synchronized long count() {
    if (source != null) {
      return source.count(device) - open.count(device);
    }
    Bkey key = new Bkey();
    long free =
        btrees.lookup(BtreeId.ACCOUNTING.number(), counter, key) ? Accounting.counter(key, 0) : 0;
    return free - open.countUnused(device);
  }

  /** Takes the next free bucket behind the one taken last, going round; null if there is none. */
  synchronized Found take() {
    if (source != null) {
      return takeFromSource();
    }
    Found found = takeFrom(cursor, -1);
    return found != null || cursor == 0 ? found : takeFrom(0, cursor);
  }

  /** Each bucket once: what became free meanwhile is free only by the source's next version. */
  private Found takeFromSource() {
    Bkey key = new Bkey();
    for (long at = source.next(device, cursor); at >= 0; at = source.next(device, at + 1)) {
      if (!fixed.contains(at) && open.take(device, at)) {
        cursor = at + 1;
        boolean known = btrees.lookup(BtreeId.ALLOC.number(), Bpos.of(device, at), key);
        return new Found(at, known ? BucketState.of(key).generation : 0);
      }
    }
    return null;
  }

  private Found takeFrom(long from, long to) {
    Bpos end = to == -1 ? new Bpos(device, -1, -1) : Bpos.of(device, to);
    Bkey bucketKey = new Bkey();
    try (KeyIterator keys = btrees.iterate(FREESPACE, Bpos.of(device, from), end)) {
      while (keys.next()) {
        long first = Math.max(keys.key().start(), from - 1);
        for (long at = Math.max(0, first); at < keys.key().offset(); at++) {
          Found found = takeIfFree(at & BUCKET_MASK, bucketKey);
          if (found != null) {
            cursor = at + 2;
            return found;
          }
        }
      }
    }
    return null;
  }

  private Found takeIfFree(long bucket, Bkey key) {
    if (fixed.contains(bucket) || !open.takeFree(device, bucket)) {
      return null;
    }
    // It may have been taken and filled between the look at the index and here.
    int generation = generationIfFree(bucket, key);
    if (generation < 0) {
      open.release(device, bucket);
      return null;
    }
    return new Found(bucket, generation);
  }

  private int generationIfFree(long bucket, Bkey key) {
    if (!btrees.lookup(BtreeId.ALLOC.number(), Bpos.of(device, bucket), key)) {
      return 0;
    }
    BucketState state = BucketState.of(key);
    return state.is(DataType.FREE) ? state.generation : -1;
  }
}
