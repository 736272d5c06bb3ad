// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * In which buckets the backpointers that are there are not those that pointers ask for: by the sums
 * of hashes. Backpointers of another generation than their bucket are in no sum, and looked up one
 * by one.
 */
final class BackpointerComparison {
  private static final int MOST_ODD = 1000;

  private final AllocationSums sums;
  private final BitSet[] differing;
  private final List<Bpos> oddBackpointers = new ArrayList<>();
  private final LongAdder stripeBackpointers = new LongAdder();
  private boolean any;

  private BackpointerComparison(AllocationSums sums) {
    this.sums = sums;
    this.differing = new BitSet[sums.buckets().devices()];
    for (int device = 0; device < differing.length; device++) {
      differing[device] = new BitSet();
    }
  }

  /** Compares, once for these sums. */
  static BackpointerComparison of(AllocationSums sums) {
    return sums.backpointerComparison(() -> compare(sums));
  }

  private static BackpointerComparison compare(AllocationSums sums) {
    BackpointerComparison comparison = new BackpointerComparison(sums);
    CheckContext context = sums.context();
    context.scan(BtreeId.BACKPOINTERS, findings -> comparison.new FoundWorker(findings));
    if (sums.counting()) {
      context.scan(
          BtreeId.STRIPE_BACKPOINTERS,
          _ ->
              key -> {
                if (AllocationSums.isBackpointer(key)) {
                  comparison.stripeBackpointers.add(AllocationSums.hash(key));
                }
              });
    }
    sums.table()
        .forEach((device, bucket, sum) -> {
          if (sum.wantedBackpointers != sum.foundBackpointers) {
            comparison.differing[device].set((int) bucket);
            comparison.any = true;
          }
        });
    return comparison;
  }

  /** Adds up the backpointers that are there. */
  private final class FoundWorker implements KeyWorker {
    private final BackpointerTargets targets;

    FoundWorker(Findings findings) {
      this.targets = new BackpointerTargets(sums, findings);
    }

    @Override
    public void key(Bkey key) {
      Buckets buckets = sums.buckets();
      if (!AllocationSums.isBackpointer(key) || !buckets.isMember(key.inode())) {
        return;
      }
      int device = (int) key.inode();
      long bucket = sums.bucketOf(key);
      if (!buckets.exists(device, bucket)) {
        return;
      }
      int known = sums.table().generation(device, bucket);
      int generation = (int) (Backpointers.wordOf(key, 0) >>> 24) & 0xff;
      if (sums.isSummed(known, generation)) {
        sums.table().foundBackpointer(device, bucket, AllocationSums.hash(key));
      } else if (known >= 0 && !targets.matches(key)) {
        addOdd(key.pos());
      }
    }
  }

  private void addOdd(Bpos pos) {
    synchronized (oddBackpointers) {
      if (oddBackpointers.size() < MOST_ODD) {
        oddBackpointers.add(pos);
      }
    }
  }

  /** Whether backpointers of that bucket differ from what is asked for. */
  boolean differs(long device, long bucket) {
    return differing[(int) device].get((int) bucket);
  }

  /** Whether that is so in any bucket. */
  boolean anyDiffers() {
    return any;
  }

  /** Whether the backpointers of stripes whose devices are gone differ. */
  boolean stripesDiffer() {
    return sums.counting() && stripeBackpointers.sum() != sums.stripeBackpointers();
  }

  /** Buckets of a device that differ. */
  BitSet differing(int device) {
    return differing[device];
  }

  /** Backpointers of another generation than their bucket that have no target. */
  List<Bpos> oddBackpointers() {
    synchronized (oddBackpointers) {
      return oddBackpointers.stream().sorted().toList();
    }
  }
}
