// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Each bucket and stripe against the LRU lists and the bucket_to_stripe btree, where it must have
 * its entries. Source: {@code bch2_check_alloc_to_lru_refs}, {@code bch2_check_stripe_refs}.
 */
public final class CheckAllocToLruRefs implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_ALLOC_TO_LRU_REFS;
  }

  @Override
  public void run(CheckContext context) {
    // The last pass of those that need sums by bucket has run.
    AllocationSums.forget(context);
    boolean look = LruSums.of(context).differ();
    context.scan(BtreeId.ALLOC, findings -> new LruRefWorker(context, findings, look));
    context.scan(BtreeId.STRIPES, findings -> new StripeRefWorker(context, findings, look));
    if (context.since(MetadataVersion.BUCKET_STRIPE_INDEX)) {
      context.scan(BtreeId.BUCKET_TO_STRIPE, findings -> new BucketStripeWorker(context, findings));
    }
  }
}
