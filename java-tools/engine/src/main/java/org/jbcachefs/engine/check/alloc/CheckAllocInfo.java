// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * The alloc btree against the indexes that are made of it: freespace, need_discard, bucket_gens and
 * bucket_to_stripe; in both directions, and for buckets that have no alloc key. Source: {@code
 * bch2_check_alloc_info}.
 */
public final class CheckAllocInfo implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_ALLOC_INFO;
  }

  @Override
  public void run(CheckContext context) {
    Buckets buckets = new Buckets(context.filesystem().devices());
    context.scan(BtreeId.ALLOC, findings -> new AllocIndexWorker(context, buckets, findings));
    context.scan(BtreeId.NEED_DISCARD, findings -> new DiscardWorker(context, buckets, findings));
    context.scan(BtreeId.FREESPACE, findings -> new FreespaceWorker(context, buckets, findings));
    context.scan(BtreeId.BUCKET_GENS, findings -> new BucketGensWorker(buckets, findings));
  }
}
