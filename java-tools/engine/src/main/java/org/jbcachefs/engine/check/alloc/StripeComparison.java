// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.FsckError;

/** What stripes say of live sectors in their blocks, against what points into them. */
final class StripeComparison {
  private final CheckContext context;
  private final AllocationSums sums;

  StripeComparison(CheckContext context, AllocationSums sums) {
    this.context = context;
    this.sums = sums;
  }

  void run() {
    context.scan(BtreeId.STRIPES, KeyCheck::new);
  }

  private final class KeyCheck implements KeyWorker {
    private final Findings findings;
    private final StripeValue stripe = new StripeValue();

    KeyCheck(Findings findings) {
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      if (key.type() != KeyType.STRIPE.number()) {
        return;
      }
      stripe.of(key);
      for (int block = 0; block < stripe.blocks(); block++) {
        int said = stripe.blockSectors(block);
        if (block >= stripe.dataBlocks()) {
          if (said != 0) {
            report(
                key,
                FsckError.STRIPE_PARITY_BLOCK_SECTOR_COUNT_WRONG,
                "live sectors in parity block " + block,
                0,
                said);
          }
          continue;
        }
        int summed = sums.stripes().of(key.offset(), block);
        if (said != summed && !Lost.pointers(context)) {
          report(
              key,
              FsckError.STRIPE_SECTOR_COUNT_WRONG,
              "live sectors in block " + block,
              summed,
              said);
        }
      }
    }

    private void report(Bkey key, FsckError error, String what, int expected, int found) {
      findings.report(
          CheckFinding.of(error, what).at(BtreeId.STRIPES, key).expected(expected).found(found));
    }
  }
}
