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
import org.jbcachefs.format.tables.MetadataVersion;

/** Whether stripes have their entries in the LRU list and, for each block, by bucket. */
final class StripeRefWorker implements KeyWorker {
  private static final int INDEX = BtreeId.BUCKET_TO_STRIPE.number();

  private final CheckContext context;
  private final Findings findings;
  private final Buckets buckets;
  private final LruLookup lookup;
  private final StripeValue stripe = new StripeValue();
  private final Bkey found = new Bkey();
  private final boolean look;
  private final boolean indexed;

  StripeRefWorker(CheckContext context, Findings findings, boolean look) {
    this.context = context;
    this.findings = findings;
    this.buckets = new Buckets(context.filesystem().devices());
    this.lookup = new LruLookup(context, findings);
    this.look = look && context.since(MetadataVersion.STRIPE_LRU);
    this.indexed = context.since(MetadataVersion.BUCKET_STRIPE_INDEX);
  }

  @Override
  public void key(Bkey key) {
    if (key.type() != KeyType.STRIPE.number()) {
      return;
    }
    stripe.of(key);
    if (look) {
      long at = LruPosition.stripe(stripe);
      lookup.require(key, BtreeId.STRIPES, LruPosition.STRIPES, at, key.offset());
    }
    for (int block = 0; indexed && block < stripe.blocks(); block++) {
      block(key, block);
    }
  }

  private void block(Bkey key, int block) {
    int device = ExtentPtr.dev(stripe.ptr(block));
    if (device == ExtentPtr.NO_DEVICE || !buckets.isMember(device)) {
      return;
    }
    long bucket = buckets.bucketOf(device, ExtentPtr.sector(stripe.ptr(block)));
    Bpos at = Bpos.of(Buckets.toNumber(device, bucket), key.offset());
    boolean there =
        context.btrees().lookup(INDEX, at, found) && found.type() == KeyType.SET.number();
    if (!there && !context.damaged().mayLack(INDEX, at, at)) {
      findings.report(
          CheckFinding.of(
                  FsckError.STRIPE_TO_MISSING_BUCKET_REF,
                  "block " + block + " is not in the bucket_to_stripe btree")
              .at(BtreeId.STRIPES, key)
              .expected("an entry at " + at)
              .found("none"));
    }
  }
}
