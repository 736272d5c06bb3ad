// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;

/** Each entry of the LRU lists against the bucket or stripe that it lists. */
public final class CheckLrus implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_LRUS;
  }

  @Override
  public void run(CheckContext context) {
    if (LruSums.of(context).differ()) {
      context.scan(BtreeId.LRU, findings -> new EntryWorker(context, findings));
    }
  }

  private static final class EntryWorker implements KeyWorker {
    private final CheckContext context;
    private final Findings findings;
    private final Buckets buckets;
    private final LruPosition positions;
    private final AllocState state = new AllocState();
    private final StripeValue stripe = new StripeValue();
    private final Bkey listed = new Bkey();

    EntryWorker(CheckContext context, Findings findings) {
      this.context = context;
      this.findings = findings;
      this.buckets = new Buckets(context.filesystem().devices());
      this.positions = new LruPosition(context);
    }

    @Override
    public void key(Bkey key) {
      int list = LruPosition.list(key.inode());
      long time = LruPosition.time(key.inode());
      boolean stripes = list == LruPosition.STRIPES;
      BtreeId btree = stripes ? BtreeId.STRIPES : BtreeId.ALLOC;
      Bpos at =
          stripes
              ? Bpos.of(0, key.offset())
              : Bpos.of(Buckets.deviceOf(key.offset()), Buckets.bucketOf(key.offset()));
      boolean there = context.btrees().lookup(btree.number(), at, listed);
      long expected = !there ? 0 : stripes ? stripe() : bucket(list, at.inode());
      if (time != expected && !context.damaged().mayLack(btree.number(), at, at)) {
        findings.report(
            CheckFinding.of(
                    FsckError.LRU_ENTRY_BAD, "entry of " + name(list) + " for " + btree + " " + at)
                .at(BtreeId.LRU, key)
                .expected(expected == 0 ? "no entry" : "at " + expected)
                .found("at " + time));
      }
    }

    private long stripe() {
      return listed.type() == KeyType.STRIPE.number() ? LruPosition.stripe(stripe.of(listed)) : 0;
    }

    private long bucket(int list, long device) {
      if (!buckets.isMember(device) || !state.read(listed)) {
        return 0;
      }
      if (positions.isFragmentation(list)) {
        return list == positions.fragmentationList(device)
            ? LruPosition.fragmentation(state, buckets.bucketSectors((int) device))
            : 0;
      }
      return list == device ? LruPosition.read(state) : 0;
    }

    private String name(int list) {
      return list == LruPosition.STRIPES
          ? "the stripe list"
          : positions.isFragmentation(list) ? "the fragmentation list" : "read list " + list;
    }
  }
}
