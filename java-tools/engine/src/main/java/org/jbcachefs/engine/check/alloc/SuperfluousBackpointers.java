// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.BitSet;
import java.util.function.Predicate;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Backpointer;

/**
 * Backpointers whose pointer is not there, in buckets whose sums differ. Not all of them do harm:
 * upgrades leave some behind, of another generation than their bucket or in buckets of superblocks
 * and the journal, where nobody follows them.
 */
final class SuperfluousBackpointers {
  private static final int DATA_TYPE_SHIFT = 8 * Backpointer.OFFSET_DATA_TYPE;
  private static final int GENERATION_SHIFT = 8 * Backpointer.OFFSET_BUCKET_GENERATION;

  private final CheckContext context;
  private final AllocationSums sums;
  private final BackpointerComparison comparison;
  private final BackpointerTargets targets;

  SuperfluousBackpointers(CheckContext context, AllocationSums sums) {
    this.context = context;
    this.sums = sums;
    this.comparison = BackpointerComparison.of(sums);
    this.targets = new BackpointerTargets(sums, context);
  }

  /** Reports those that someone may follow. */
  void harmful() {
    BucketTable.Sums sum = new BucketTable.Sums();
    eachBucket((device, bucket) -> {
      sums.table().read(device, bucket, sum);
      boolean hidden =
          (sum.seen & (BucketTable.SB | BucketTable.JOURNAL | BucketTable.PARITY)) != 0;
      if (!hidden) {
        int generation = sum.known ? sum.generation : -1;
        check(device, bucket, key -> isCounted(key, generation));
      }
    });
    stripes();
  }

  /** Reports all. */
  void all() {
    for (Bpos odd : comparison.oddBackpointers()) {
      check(BtreeId.BACKPOINTERS, odd, odd, _ -> true);
    }
    eachBucket((device, bucket) -> check(device, bucket, _ -> true));
    stripes();
  }

  private boolean isCounted(Bkey key, int generation) {
    long word = Backpointers.wordOf(key, 0);
    DataType type = DataType.of((int) (word >>> DATA_TYPE_SHIFT) & 0xff);
    boolean counted =
        type == DataType.BTREE
            || type == DataType.USER
            || type == DataType.CACHED
            || type == DataType.STRIPE
            || type == DataType.PARITY;
    return counted && sums.isSummed(generation, (int) (word >>> GENERATION_SHIFT) & 0xff);
  }

  private interface BucketUser {
    void accept(int device, long bucket);
  }

  private void eachBucket(BucketUser user) {
    Buckets buckets = sums.buckets();
    for (int device = 0; device < buckets.devices(); device++) {
      BitSet differing = comparison.differing(device);
      for (int bucket = differing.nextSetBit(0);
          bucket >= 0;
          bucket = differing.nextSetBit(bucket + 1)) {
        user.accept(device, bucket);
      }
    }
  }

  private void stripes() {
    if (comparison.stripesDiffer()) {
      check(BtreeId.STRIPE_BACKPOINTERS, Bpos.MIN, Bpos.MAX, _ -> true);
    }
  }

  private void check(int device, long bucket, Predicate<Bkey> which) {
    check(
        BtreeId.BACKPOINTERS,
        Bpos.of(device, sums.firstBackpointer(device, bucket)),
        new Bpos(device, sums.firstBackpointer(device, bucket + 1) - 1, -1),
        which);
  }

  private void check(BtreeId btree, Bpos from, Bpos to, Predicate<Bkey> which) {
    try (CheckKeys keys = context.keys(btree, from, to, context)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (AllocationSums.isBackpointer(key) && which.test(key) && !targets.matches(key)) {
          report(btree, key);
        }
      }
    }
  }

  private void report(BtreeId btree, Bkey key) {
    Backpointer value = Backpointer.decode(key);
    if (targets.mayBeLost(value)) {
      return;
    }
    CheckFinding finding =
        CheckFinding.of(
                FsckError.BACKPOINTER_TO_MISSING_PTR,
                "points back to "
                    + BtreeId.nameOf(value.btree())
                    + " level "
                    + value.level()
                    + " "
                    + value.pos()
                    + ", which has no such pointer")
            .at(btree, key);
    Buckets buckets = sums.buckets();
    boolean known = btree == BtreeId.BACKPOINTERS && buckets.isMember(key.inode());
    context.report(
        known ? finding.on(buckets.name((int) key.inode()), sums.sectorOf(key) * 512) : finding);
  }
}
