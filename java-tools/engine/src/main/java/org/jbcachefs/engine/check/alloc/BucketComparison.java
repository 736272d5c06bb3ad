// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;

/** The alloc btree against the sums of what points to each bucket. */
final class BucketComparison {
  private static final int ALLOC = BtreeId.ALLOC.number();

  private final CheckContext context;
  private final AllocationSums sums;
  private final Buckets buckets;
  private final BucketCounters counters;
  private final boolean refcounts;
  private final boolean pointersLost;

  BucketComparison(CheckContext context, AllocationSums sums, BucketCounters counters) {
    this.context = context;
    this.sums = sums;
    this.buckets = sums.buckets();
    this.counters = counters;
    this.refcounts = context.since(MetadataVersion.BUCKET_STRIPE_INDEX);
    this.pointersLost = Lost.pointers(context);
  }

  void run() {
    context.scan(BtreeId.ALLOC, KeyCheck::new).forEach(check -> counters.addAll(check.own));
    context.stage("buckets without alloc keys");
    sums.table().forEach(this::withoutKey);
  }

  private final class KeyCheck implements KeyWorker {
    private final Findings findings;
    private final BucketTable.Sums sum = new BucketTable.Sums();
    private final AllocState state = new AllocState();
    final BucketCounters own = new BucketCounters();

    KeyCheck(Findings findings) {
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      if (!buckets.exists(key.inode(), key.offset()) || !state.read(key)) {
        return;
      }
      int device = (int) key.inode();
      if (!sums.table().read(device, key.offset(), sum)) {
        return;
      }
      if (!buckets.isPresent(device) && (state.is(DataType.SB) || state.is(DataType.JOURNAL))) {
        // Where superblocks and the journal of a missing member are nobody else knows.
        own.add(device, state, buckets.bucketSectors(device));
        return;
      }
      compare(key);
      take();
      own.add(device, state, buckets.bucketSectors(device));
    }

    private void compare(Bkey key) {
      DataType expected = sum.type(state.emptyType());
      // Two kinds of pointers in one bucket: whichever came last made the type.
      boolean mixed = mixed();
      if (mixed) {
        report(
            key,
            FsckError.PTR_BUCKET_DATA_TYPE_MISMATCH,
            "different types of data in one bucket",
            "one type",
            Kinds.of(sum.seen));
      }
      if (!state.is(expected) && !mixed) {
        differs(
            key,
            FsckError.ALLOC_KEY_DATA_TYPE_WRONG,
            "data type",
            expected,
            DataType.nameOf(state.type));
      }
      if (state.dirty != sum.dirty) {
        differs(
            key, FsckError.ALLOC_KEY_DIRTY_SECTORS_WRONG, "dirty sectors", sum.dirty, state.dirty);
      }
      if (state.striped != sum.striped) {
        differs(
            key,
            FsckError.ALLOC_KEY_STRIPE_SECTORS_WRONG,
            "sectors in stripes",
            sum.striped,
            state.striped);
      }
      if (state.cached != sum.cached) {
        differs(
            key,
            FsckError.ALLOC_KEY_CACHED_SECTORS_WRONG,
            "cached sectors",
            sum.cached,
            state.cached);
      }
      if (refcounts && state.stripes != sum.stripes) {
        differs(key, FsckError.ALLOC_KEY_STRIPE_WRONG, "stripes", sum.stripes, state.stripes);
      }
    }

    private boolean mixed() {
      return Kinds.count(sum.seen) > 1;
    }

    /** From here on the bucket counts as what its pointers make it. */
    private void take() {
      state.dirty = sum.dirty;
      state.cached = sum.cached;
      state.striped = sum.striped;
      DataType type = sum.type(state.emptyType());
      state.type = type.number();
    }

    private void differs(Bkey key, FsckError error, String what, Object expected, Object found) {
      // With pointers lost every bucket that they pointed to would differ.
      if (!pointersLost) {
        report(key, error, what + " of the bucket, by what points to it", expected, found);
      }
    }

    private void report(Bkey key, FsckError error, String what, Object expected, Object found) {
      int device = (int) key.inode();
      findings.report(
          CheckFinding.of(error, what)
              .at(BtreeId.ALLOC, key)
              .on(buckets.name(device), buckets.firstSector(device, key.offset()) * 512)
              .expected(expected)
              .found(found));
    }
  }

  private void withoutKey(int device, long bucket, BucketTable.Sums sum) {
    Bpos pos = Bpos.of(device, bucket);
    if (sum.known || sum.isEmpty() || context.damaged().mayLack(ALLOC, pos, pos)) {
      return;
    }
    withoutKey(
        device, pos, FsckError.ALLOC_KEY_DATA_TYPE_WRONG, "data type", sum.type(DataType.FREE));
    if (sum.dirty != 0) {
      withoutKey(device, pos, FsckError.ALLOC_KEY_DIRTY_SECTORS_WRONG, "dirty sectors", sum.dirty);
    }
    if (sum.cached != 0) {
      withoutKey(
          device, pos, FsckError.ALLOC_KEY_CACHED_SECTORS_WRONG, "cached sectors", sum.cached);
    }
  }

  private void withoutKey(int device, Bpos pos, FsckError error, String what, Object expected) {
    context.report(
        CheckFinding.of(error, what + " of the bucket, by what points to it")
            .at(BtreeId.ALLOC, pos)
            .on(buckets.name(device), buckets.firstSector(device, pos.offset()) * 512)
            .expected(expected)
            .found("no alloc key"));
  }
}
