// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * What must hold of each pointer by itself: its device and bucket exist, generations fit, the
 * stripe that it names is there, a node lies where the member's bitmap says. Belongs to one thread.
 * Source: {@code bch2_check_fix_ptr}, {@code bch2_gc_mark_key}.
 */
final class PointerChecks {
  /** A cached pointer may be that much older than its bucket. Source: {@code BUCKET_GC_GEN_MAX}. */
  private static final int MOST_STALE = 96;

  private final AllocationSums sums;
  private final CheckContext context;
  private final Findings findings;
  private final Buckets buckets;
  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes sizes;
  private final Bkey stripeKey = new Bkey();
  private final StripeValue stripe = new StripeValue();
  private final long keyVersion;
  private final boolean noStalePointers;
  private final boolean bitmaps;
  private final int nodeSectors;

  private Bkey key;
  private int btree;
  private int level;
  private boolean readable;
  private boolean anyDirty;
  private boolean anyCachedGood;

  PointerChecks(AllocationSums sums, Findings findings) {
    this.sums = sums;
    this.context = sums.context();
    this.findings = findings;
    this.buckets = sums.buckets();
    Superblock superblock = context.superblock();
    this.sizes = ExtentEntrySizes.of(superblock::extentTypeU64s);
    this.keyVersion = context.filesystem().journal().keyVersion();
    this.noStalePointers = CompatFeature.NO_STALE_PTRS.isSet(superblock.compat());
    this.bitmaps = context.since(MetadataVersion.MI_BTREE_BITMAP);
    this.nodeSectors = superblock.btreeNodeBytes() / 512;
  }

  /** Looks at all pointers of a key. */
  void key(Bkey checked, int keyBtree, int keyLevel) {
    key = checked;
    btree = keyBtree;
    level = keyLevel;
    if (btree != BtreeId.ACCOUNTING.number()
        && Long.compareUnsigned(key.versionLo(), keyVersion) > 0
        && sums.counting()) {
      report(
          CheckFinding.of(
                  FsckError.BKEY_VERSION_IN_FUTURE, "key version higher than any that was recorded")
              .expected("at most " + Long.toUnsignedString(keyVersion))
              .found(Long.toUnsignedString(key.versionLo())));
    }
    boolean extent =
        key.type() == KeyType.EXTENT.number() || key.type() == KeyType.REFLINK_V.number();
    if (level > 0 || extent || key.type() == KeyType.STRIPE.number()) {
      pointers(level == 0 && extent);
    }
  }

  private void pointers(boolean extent) {
    readable = false;
    anyDirty = false;
    anyCachedGood = false;
    entries.of(key, sizes);
    while (entries.nextPtr()) {
      pointer(extent);
    }
    if (extent && sums.counting() && !readable && !anyDirty) {
      FsckError error =
          anyCachedGood
              ? FsckError.EXTENT_PTRS_ALL_INVALID_BUT_CACHED
              : FsckError.EXTENT_PTRS_ALL_INVALID;
      report(CheckFinding.of(error, "no pointer but cached ones to read the data from"));
    }
  }

  private void pointer(boolean extent) {
    int device = entries.dev();
    if (device == ExtentPtr.NO_DEVICE) {
      anyDirty |= extent && entries.hasStripe();
      return;
    }
    if (!buckets.isMember(device)) {
      if (sums.counting()) {
        boolean removed = buckets.isRemoved(device);
        report(
            CheckFinding.of(
                removed ? FsckError.PTR_TO_REMOVED_DEVICE : FsckError.PTR_TO_INVALID_DEVICE,
                "points to device "
                    + device
                    + (removed
                        ? ", which was removed"
                        : ", which the" + " filesystem does not have")));
      }
      return;
    }
    long bucket = buckets.bucketOf(device, entries.sector());
    if (!buckets.exists(device, bucket)) {
      if (sums.counting()) {
        FsckError error =
            bucket < buckets.first(device)
                ? FsckError.PTR_BEFORE_FIRST_BUCKET
                : FsckError.PTR_AFTER_LAST_BUCKET;
        report(
            at(error, "points to a bucket that the device does not have")
                .expected(buckets.first(device) + " to " + (buckets.count(device) - 1))
                .found("bucket " + bucket));
      }
      return;
    }
    if (sums.counting()) {
      anyDirty |= !entries.cached();
      span(device, bucket);
      bitmap(device);
      stripe();
      compression();
    }
    generation(device, bucket);
  }

  private void span(int device, long bucket) {
    long sectors =
        level > 0
            ? nodeSectors
            : key.type() == KeyType.STRIPE.number()
                ? stripe.of(key).sectors()
                : entries.crc().compressedSectors();
    long end = entries.sector() + sectors;
    if (end > buckets.firstSector(device, bucket + 1)) {
      report(
          at(FsckError.PTR_SPANS_MULTIPLE_BUCKETS, "reaches beyond the end of its bucket")
              .expected("up to sector " + buckets.firstSector(device, bucket + 1))
              .found("up to " + end));
    }
  }

  private void bitmap(int device) {
    if (level > 0 && bitmaps && !isMarked(device)) {
      report(
          at(
              FsckError.BTREE_BITMAP_NOT_MARKED,
              "the member's bitmap says that there are no btree nodes"));
    }
  }

  private boolean isMarked(int device) {
    Member member = context.filesystem().devices().member(device);
    int shift = member.btreeBitmapShift();
    long end = entries.sector() + nodeSectors;
    if (end > (long) Long.SIZE << shift) {
      return false;
    }
    for (long bit = entries.sector() >>> shift; bit << shift < end; bit++) {
      if ((member.btreeAllocatedBitmap() >>> bit & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  private void generation(int device, long bucket) {
    int known = sums.table().generation(device, bucket);
    if (known == -2) {
      return;
    }
    if (known == -1) {
      missingAllocKey(device, bucket);
      return;
    }
    int age = ExtentPtr.staleness(known, entries.gen());
    if (entries.cached() && age == 0) {
      anyCachedGood = true;
    }
    if (age < 0) {
      report(
          generations(
              FsckError.PTR_GEN_NEWER_THAN_BUCKET_GEN, "pointer newer than its bucket", known));
    } else if (!entries.cached() && age > 0) {
      report(
          generations(
              FsckError.STALE_DIRTY_PTR, "the bucket was used again since it was written", known));
    } else if (entries.cached() && age > MOST_STALE) {
      report(generations(FsckError.PTR_TOO_STALE, "cached pointer far too old", known));
    } else if (entries.cached() && age > 0 && noStalePointers) {
      report(
          generations(
              FsckError.STALE_PTR_WITH_NO_STALE_PTRS_FEATURE,
              "stale cached pointer, though the superblock says that there are none",
              known));
    }
  }

  private void missingAllocKey(int device, long bucket) {
    Bpos at = Bpos.of(device, bucket);
    if (!context.damaged().mayLack(BtreeId.ALLOC.number(), at, at)) {
      report(
          at(
              FsckError.PTR_TO_MISSING_ALLOC_KEY,
              "points to bucket " + bucket + ", which has no alloc key"));
    }
  }

  private CheckFinding generations(FsckError error, String what, int known) {
    return at(error, what).expected("generation " + known).found(entries.gen());
  }

  private void stripe() {
    if (level > 0 || !entries.hasStripe() || key.type() == KeyType.STRIPE.number()) {
      return;
    }
    long index = entries.stripeIdx();
    boolean found =
        context.btrees().lookup(BtreeId.STRIPES.number(), Bpos.of(0, index), stripeKey)
            && stripeKey.type() == KeyType.STRIPE.number();
    if (!found) {
      if (!context
          .damaged()
          .mayLack(BtreeId.STRIPES.number(), Bpos.of(0, index), Bpos.of(0, index))) {
        report(
            at(FsckError.PTR_TO_MISSING_STRIPE, "in stripe " + index + ", which does not exist"));
      }
      return;
    }
    int block = entries.stripeBlock();
    if (!stripe.of(stripeKey).matches(block, entries.dev(), entries.gen(), entries.sector())) {
      report(
          at(
              FsckError.PTR_TO_INCORRECT_STRIPE,
              "does not lie in block " + block + " of stripe " + index));
    }
  }

  private void compression() {
    CompressionType type = CompressionType.of(entries.crc().compressionType());
    Feature needed =
        switch (type) {
          case LZ4, LZ4_OLD -> Feature.LZ4;
          case GZIP -> Feature.GZIP;
          case ZSTD -> Feature.ZSTD;
          case NONE, INCOMPRESSIBLE -> null;
          case null -> null;
        };
    if (level == 0 && needed != null && !context.superblock().has(needed)) {
      report(
          at(
              FsckError.COMPRESSION_TYPE_NOT_MARKED_IN_SB,
              "compressed with " + type + ", which the superblock does not announce"));
    }
  }

  private CheckFinding at(FsckError error, String what) {
    return CheckFinding.of(error, what).on(buckets.name(entries.dev()), entries.sector() * 512);
  }

  private void report(CheckFinding finding) {
    findings.report(finding.at(btree, level, key.pos()));
  }
}
