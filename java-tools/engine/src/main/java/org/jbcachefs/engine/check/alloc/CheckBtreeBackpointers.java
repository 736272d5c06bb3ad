// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.function.UnaryOperator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;

/** Each backpointer lies in a bucket that exists and has an alloc key. */
public final class CheckBtreeBackpointers implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_BTREE_BACKPOINTERS;
  }

  @Override
  public void run(CheckContext context) {
    AllocationSums.forEach(
        context,
        null,
        UnaryOperator.identity(),
        sums -> context.scan(BtreeId.BACKPOINTERS, findings -> new PlaceWorker(sums, findings)));
  }

  private static final class PlaceWorker implements KeyWorker {
    private final AllocationSums sums;
    private final Findings findings;

    PlaceWorker(AllocationSums sums, Findings findings) {
      this.sums = sums;
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      Buckets buckets = sums.buckets();
      if (!AllocationSums.isBackpointer(key)) {
        return;
      }
      if (!buckets.isMember(key.inode())) {
        if (sums.counting()) {
          findings.report(
              CheckFinding.of(
                      FsckError.BACKPOINTER_TO_MISSING_DEVICE,
                      "backpointer on device " + key.inode() + ", which does not exist")
                  .at(BtreeId.BACKPOINTERS, key));
        }
        return;
      }
      int device = (int) key.inode();
      long bucket = sums.bucketOf(key);
      Bpos at = Bpos.of(device, bucket);
      boolean missing =
          buckets.exists(device, bucket)
              ? sums.table().generation(device, bucket) == -1
              : sums.counting();
      if (missing && !sums.context().damaged().mayLack(BtreeId.ALLOC.number(), at, at)) {
        findings.report(
            CheckFinding.of(
                    FsckError.BACKPOINTER_TO_MISSING_ALLOC,
                    "backpointer in bucket " + bucket + ", which has no alloc key")
                .at(BtreeId.BACKPOINTERS, key)
                .on(buckets.name(device), buckets.firstSector(device, bucket) * 512));
      }
    }
  }
}
