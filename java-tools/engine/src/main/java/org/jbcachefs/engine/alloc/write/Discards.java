// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Makes emptied buckets free: those that no crash can bring back any more, since the entry that
 * emptied them is durable. They are discarded first. Thread-safe.
 */
public final class Discards {
  private static final int BATCH = 32;
  private static final int DEVICE_SHIFT = 48;
  private static final long BUCKET_MASK = (1L << DEVICE_SHIFT) - 1;

  private final DeviceSet devices;
  private final Btrees btrees;
  private final OpenBuckets open;
  private final WriteRules rules;
  private volatile boolean held;
  private volatile IntPredicate kept = _ -> false;

  public Discards(DeviceSet devices, Btrees btrees, OpenBuckets open, WriteRules rules) {
    this.devices = devices;
    this.btrees = btrees;
    this.open = open;
    this.rules = rules;
  }

  /** Whether nothing is to be made free: which buckets are empty is not certain. For repairs. */
  public void hold(boolean on) {
    held = on;
  }

  /** Members whose emptied buckets stay as they are, since an older state may be wanted again. */
  public void keep(IntPredicate members) {
    kept = members;
  }

  /** A bucket. */
  public record Bucket(int device, long bucket) {}

  /**
   * Discards buckets and has them marked free, some at a time.
   *
   * @param durableSeq the newest durable flush entry
   * @param free commits that these are free
   * @return how many
   */
  public int run(long durableSeq, Consumer<List<Bucket>> free) {
    int done = 0;
    while (!(held && rules.hold(WriteRule.HOLD_EMPTIED))) {
      List<Bucket> batch = next(durableSeq);
      if (batch.isEmpty()) {
        return done;
      }
      devices.activity().count(PersistentCounter.BUCKET_DISCARD_WORKER);
      batch.forEach(this::discard);
      try {
        free.accept(batch);
      } finally {
        batch.forEach(bucket -> open.release(bucket.device, bucket.bucket));
      }
      done += batch.size();
    }
    return done;
  }

  /** Some buckets that may be discarded, taken so that nobody else does anything with them. */
  private List<Bucket> next(long durableSeq) {
    long last = rules.hold(WriteRule.REUSE_AFTER_FLUSH) ? durableSeq : -1;
    List<Bucket> batch = new ArrayList<>();
    Bpos end = new Bpos(last, -1, -1);
    try (KeyIterator keys = btrees.iterate(BtreeId.NEED_DISCARD.number(), Bpos.MIN, end)) {
      while (batch.size() < BATCH && keys.next()) {
        int device = (int) (keys.key().offset() >>> DEVICE_SHIFT);
        long bucket = keys.key().offset() & BUCKET_MASK;
        boolean usable =
            devices.device(device) != null
                && !devices.health().isStopped(device)
                && !kept.test(device);
        if (usable && open.take(device, bucket)) {
          // Another thread may have made it free between the look at the index and here.
          if (isToBeDiscarded(device, bucket)) {
            batch.add(new Bucket(device, bucket));
          } else {
            open.release(device, bucket);
          }
        }
      }
    }
    return batch;
  }

  private boolean isToBeDiscarded(int device, long bucket) {
    Bkey key = new Bkey();
    return btrees.lookup(BtreeId.ALLOC.number(), Bpos.of(device, bucket), key)
        && BucketState.of(key).is(DataType.NEED_DISCARD);
  }

  private void discard(Bucket bucket) {
    Member member = devices.member(bucket.device);
    if (Member.DISCARD.isSet(member.flags())) {
      long bytes = (long) member.bucketSectors() << 9;
      try {
        devices.device(bucket.device).discard(bucket.bucket * bytes, bytes);
        devices.activity().count(PersistentCounter.BUCKET_DISCARD);
      } catch (DeviceException e) {
        // It is free without it: whoever writes there next finds out whether it can be written.
        devices.health().failed(bucket.device, MemberError.WRITE, e);
      }
    }
  }
}
