// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.FsckError;

/** Each entry of the bucket_to_stripe btree against the stripe that it names. */
final class BucketStripeWorker implements KeyWorker {
  private final CheckContext context;
  private final Findings findings;
  private final Buckets buckets;
  private final StripeValue stripe = new StripeValue();
  private final Bkey found = new Bkey();

  BucketStripeWorker(CheckContext context, Findings findings) {
    this.context = context;
    this.findings = findings;
    this.buckets = new Buckets(context.filesystem().devices());
  }

  @Override
  public void key(Bkey key) {
    long device = Buckets.deviceOf(key.inode());
    long bucket = Buckets.bucketOf(key.inode());
    Bpos at = Bpos.of(0, key.offset());
    int stripes = BtreeId.STRIPES.number();
    boolean there =
        context.btrees().lookup(stripes, at, found) && found.type() == KeyType.STRIPE.number();
    if (!there) {
      if (!context.damaged().mayLack(stripes, at, at)) {
        report(key, FsckError.BUCKET_STRIPE_REF_TO_MISSING_STRIPE, "which does not exist");
      }
    } else if (!hasBlockIn(device, bucket)) {
      report(
          key,
          FsckError.BUCKET_STRIPE_REF_TO_INCORRECT_STRIPE,
          "which has no block in bucket " + bucket + " of device " + device);
    }
  }

  private boolean hasBlockIn(long device, long bucket) {
    stripe.of(found);
    for (int block = 0; block < stripe.blocks(); block++) {
      int own = ExtentPtr.dev(stripe.ptr(block));
      if (own == device
          && buckets.isMember(own)
          && buckets.bucketOf(own, ExtentPtr.sector(stripe.ptr(block))) == bucket) {
        return true;
      }
    }
    return false;
  }

  private void report(Bkey key, FsckError error, String what) {
    findings.report(
        CheckFinding.of(error, "entry for stripe " + key.offset() + ", " + what)
            .at(BtreeId.BUCKET_TO_STRIPE, key));
  }
}
