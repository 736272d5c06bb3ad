// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.PointerDrop;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.repair.data.CopyJudge;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.AllocV4;

/**
 * Pointers that lead nowhere or to what was overwritten: the extent loses them, unless its data is
 * there by its checksum and only the generation is another ({@link OddGenerations}). If only cached
 * pointers are left, those to buckets that were not used again become proper ones; without any it
 * becomes a key that says that its data is lost. Nodes whose pointers are so are written anew
 * elsewhere.
 */
public final class RepairPointers implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.PTR_TO_INVALID_DEVICE,
              FsckError.PTR_TO_REMOVED_DEVICE,
              FsckError.PTR_BEFORE_FIRST_BUCKET,
              FsckError.PTR_AFTER_LAST_BUCKET,
              FsckError.PTR_SPANS_MULTIPLE_BUCKETS,
              FsckError.PTR_TO_MISSING_STRIPE,
              FsckError.PTR_TO_INCORRECT_STRIPE,
              FsckError.COMPRESSION_TYPE_NOT_MARKED_IN_SB,
              FsckError.PTR_GEN_NEWER_THAN_BUCKET_GEN,
              FsckError.STALE_DIRTY_PTR,
              FsckError.PTR_TOO_STALE,
              FsckError.STALE_PTR_WITH_NO_STALE_PTRS_FEATURE,
              FsckError.EXTENT_PTRS_ALL_INVALID,
              FsckError.EXTENT_PTRS_ALL_INVALID_BUT_CACHED));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.POINTERS;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case PTR_TO_MISSING_STRIPE, PTR_TO_INCORRECT_STRIPE -> "take it out of the stripe";
      case COMPRESSION_TYPE_NOT_MARKED_IN_SB -> "announce it in the superblock";
      case EXTENT_PTRS_ALL_INVALID_BUT_CACHED ->
          "keep the data where the cached pointer leads; if that is no good, mark the range as lost";
      case PTR_GEN_NEWER_THAN_BUCKET_GEN, STALE_DIRTY_PTR ->
          "where the data is there give the pointer its bucket's generation, else drop the pointer;"
              + " if none is left, mark the range as lost";
      default -> "drop the pointer; if none is left, mark the range as lost";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    CopyJudge judge = new CopyJudge(context.filesystem());
    CodedPointers coded = new CodedPointers(context.filesystem(), judge);
    OddGenerations odd = new OddGenerations(context.filesystem(), judge);
    for (CheckFinding finding : findings) {
      if (finding.level() == 0 && finding.btree() == BtreeId.STRIPES.number()) {
        // First, since extents are held against them.
        context.transact(transaction -> coded.mend(transaction, finding.pos()));
      }
    }
    Set<CheckFinding> nodes = new HashSet<>();
    for (CheckFinding finding : findings) {
      if (finding.level() > 0) {
        nodes.add(finding);
        continue;
      }
      if (finding.error() == FsckError.COMPRESSION_TYPE_NOT_MARKED_IN_SB) {
        announce(context, finding);
        continue;
      }
      if (!context.btrees().lookup(finding.btree(), finding.pos(), new Bkey())) {
        // It was left out when its node was read: without it the node is written anew.
        context.filesystem().repair().rewrite(finding.btree(), 0, finding.pos());
        continue;
      }
      context.transact(transaction ->
          fix(context, judge, coded, odd, transaction, BtreeId.of(finding.btree()), finding.pos()));
    }
    for (CheckFinding node : nodes) {
      context.filesystem().repair().rewrite(node.btree(), node.level() - 1, node.pos());
    }
  }

  private static void fix(
      RepairContext context,
      CopyJudge judge,
      CodedPointers coded,
      OddGenerations odd,
      Transaction transaction,
      BtreeId btree,
      Bpos pos) {
    Bkey found = new Bkey();
    if (!transaction.lookup(btree, pos, found)) {
      return;
    }
    KeyType type = KeyType.of(found.type());
    if (type != KeyType.EXTENT && type != KeyType.REFLINK_V) {
      return;
    }
    Bkey inStripe = coded.mended(transaction, found);
    Bkey regenerated = odd.mended(transaction, inStripe == null ? found : inStripe);
    Bkey mended = regenerated == null ? inStripe : regenerated;
    Bkey key = mended == null ? found.copy() : mended;
    Superblock superblock = context.filesystem().superblock();
    ExtentEntrySizes sizes = ExtentEntrySizes.of(superblock::extentTypeU64s);
    Bkey without = new PointerDrop(sizes).without(key, new Good(context, transaction, judge));
    if (without == null && !hasDirty(key, sizes)) {
      without = PointerDrop.lost(key);
    } else if (without == null) {
      without = mended;
    }
    if (without != null && without.type() == KeyType.ERROR.number() && btree == BtreeId.EXTENTS) {
      context.lost().lost(key.inode(), key.snapshot(), key.start(), key.offset());
    }
    if (without != null && (regenerated != null || isCoded(key, sizes))) {
      // What follows from keys in stripes is not kept by commits, and what was not counted with
      // another generation is not there to be taken back: the next round makes it anew.
      transaction.updateAlone(btree, without);
    } else if (without != null) {
      transaction.update(btree, without);
    }
  }

  private static boolean isCoded(Bkey key, ExtentEntrySizes sizes) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.nextPtr()) {
      if (entries.hasStripe()) {
        return true;
      }
    }
    return false;
  }

  private static void announce(RepairContext context, CheckFinding finding) {
    Bkey key = new Bkey();
    if (!context.btrees().lookup(finding.btree(), finding.pos(), key)) {
      return;
    }
    Superblock superblock = context.filesystem().superblock();
    ExtentEntries entries =
        new ExtentEntries().of(key, ExtentEntrySizes.of(superblock::extentTypeU64s));
    while (entries.nextPtr()) {
      CompressionType type = CompressionType.of(entries.crc().compressionType());
      switch (type) {
        case LZ4, LZ4_OLD -> context.filesystem().require(Feature.LZ4);
        case GZIP -> context.filesystem().require(Feature.GZIP);
        case ZSTD -> context.filesystem().require(Feature.ZSTD);
        case NONE, INCOMPRESSIBLE -> {
          // Nothing has to be announced for these.
        }
        case null -> {
          // Of a type that is not known nothing can be announced.
        }
      }
    }
  }

  /** Pointers that lead to what they are for, and the stripes that they are in. */
  private record Good(RepairContext context, Transaction transaction, CopyJudge judge)
      implements PointerDrop.Choice {
    @Override
    public boolean keep(ExtentEntries pointer) {
      boolean elsewhere = pointer.dev() != ExtentPtr.NO_DEVICE || !pointer.hasStripe();
      return isGood(context, transaction, pointer) && (elsewhere || keepStripe(pointer));
    }

    @Override
    public boolean keepStripe(ExtentEntries pointer) {
      Bkey key = new Bkey();
      Bpos pos = Bpos.of(0, pointer.stripeIdx());
      boolean there =
          transaction.lookup(BtreeId.STRIPES, pos, key) && key.type() == KeyType.STRIPE.number();
      return there
          && new StripeValue()
              .of(key)
              .matches(pointer.stripeBlock(), pointer.dev(), pointer.gen(), pointer.sector());
    }

    @Override
    public boolean keepFromCache(Bkey key, ExtentEntries pointer) {
      return judge.isCurrent(key, pointer);
    }
  }

  private static boolean hasDirty(Bkey key, ExtentEntrySizes sizes) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.nextPtr()) {
      if (!entries.cached()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the pointer leads into one bucket that there is, and that is still what it was. */
  private static boolean isGood(
      RepairContext context, Transaction transaction, ExtentEntries pointer) {
    if (pointer.dev() == ExtentPtr.NO_DEVICE) {
      return true;
    }
    long bucket =
        PointedBucket.of(
            context.filesystem().superblock().members(),
            pointer.dev(),
            pointer.sector(),
            pointer.crc().compressedSectors());
    if (bucket < 0) {
      return false;
    }
    AllocV4 state = PointedBucket.state(transaction, pointer.dev(), bucket);
    return state == null || state.generation() == pointer.gen();
  }
}
