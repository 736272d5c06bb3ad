// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Backpointer;

/** The lists of background work: what is on them for nothing goes, what is missing comes. */
public final class RepairWork implements Repair {
  /** Each notes of some hundred bytes, in entries that may be as small as a bucket of 32 KiB. */
  private static final int BATCH = 16;

  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.RECONCILE_WORK_INCORRECTLY_SET,
              FsckError.RECONCILE_WORK_PHYS_INCORRECTLY_SET,
              FsckError.BTREE_PTR_WITH_NO_RECONCILE_BP,
              FsckError.BTREE_PTR_WITH_BAD_RECONCILE_BP,
              FsckError.BTREE_PTR_TO_BAD_RECONCILE_BP,
              FsckError.RECONCILE_BP_TO_LEAF_NODE_KEY,
              FsckError.RECONCILE_BP_TO_MISSING_BTREE_PTR,
              FsckError.EXTENT_IO_OPTS_NOT_SET,
              FsckError.STRIPE_CAN_WIDEN_WRONG,
              FsckError.STRIPE_NEEDS_RECONCILE_NOT_SET));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.WORK;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case EXTENT_IO_OPTS_NOT_SET -> "note what options want, so that it is done in the background";
      case STRIPE_CAN_WIDEN_WRONG, STRIPE_NEEDS_RECONCILE_NOT_SET -> "make the stripe say so";
      default -> "put it on the list where it belongs, or take it off";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    boolean nodes = false;
    List<CheckFinding> extents = new ArrayList<>();
    for (CheckFinding finding : findings) {
      boolean options = finding.error() == FsckError.EXTENT_IO_OPTS_NOT_SET;
      if (options && finding.level() == 0) {
        extents.add(finding);
      } else if (options) {
        nodes = true;
      } else if (finding.level() > 0) {
        context.filesystem().repair().rewrite(finding.btree(), finding.level() - 1, finding.pos());
      } else {
        context.transact(transaction -> fix(context, transaction, finding));
      }
    }
    for (int from = 0; from < extents.size(); from += BATCH) {
      List<CheckFinding> some = extents.subList(from, Math.min(extents.size(), from + BATCH));
      context.transact(transaction -> some.forEach(finding -> note(transaction, finding)));
    }
    if (nodes) {
      // Whoever scans finds the nodes.
      context.filesystem().askForScan();
    }
  }

  /** Every commit notes of the extents in it what options want. */
  private static void note(Transaction transaction, CheckFinding finding) {
    Bkey key = new Bkey();
    BtreeId btree = BtreeId.of(finding.btree());
    if (transaction.lookup(btree, finding.pos(), key)) {
      transaction.update(btree, key.copy());
    }
  }

  private static void stripe(Transaction transaction, Bkey found, CheckFinding finding) {
    if (found.type() != KeyType.STRIPE.number()) {
      return;
    }
    if (finding.error() == FsckError.RECONCILE_WORK_INCORRECTLY_SET) {
      if (new StripeValue().of(found).needsReconcile()) {
        transaction.updateAlone(BtreeId.RECONCILE_HIPRI, set(finding.pos()));
      }
      return;
    }
    Bkey key = found.copy();
    long at = key.valueOffset() + StripeValue.OFFSET_FLAGS;
    long flags = Le.u8(key.segment(), at);
    flags =
        finding.error() == FsckError.STRIPE_CAN_WIDEN_WRONG
            ? StripeValue.CAN_WIDEN.set(flags, Long.parseLong(finding.expected()))
            : StripeValue.NEEDS_RECONCILE.set(flags, 1);
    Le.putU8(key.segment(), at, (int) flags);
    transaction.updateAlone(BtreeId.STRIPES, key);
  }

  private static void fix(RepairContext context, Transaction transaction, CheckFinding finding) {
    BtreeId btree = BtreeId.of(finding.btree());
    Bkey key = new Bkey();
    if (!transaction.lookup(btree, finding.pos(), key)) {
      return;
    }
    switch (btree) {
      case STRIPES -> stripe(transaction, key, finding);
      case EXTENTS, REFLINK -> {
        Superblock superblock = context.filesystem().superblock();
        BtreeId list = listOf(key, ExtentEntrySizes.of(superblock::extentTypeU64s));
        if (list != null) {
          Bpos pos = finding.pos();
          // Shared data comes before that of all files.
          boolean shared = btree == BtreeId.REFLINK;
          transaction.updateAlone(
              list, set(shared ? new Bpos(pos.inode() + 1, pos.offset(), 0) : pos));
        }
      }
      case BACKPOINTERS -> {
        long flags = Backpointer.decode(key).flags();
        long work = Backpointer.FLAG_RECONCILE_PHYS.get(flags);
        if (work != 0) {
          BtreeId list = work == 1 ? BtreeId.RECONCILE_HIPRI_PHYS : BtreeId.RECONCILE_WORK_PHYS;
          transaction.updateAlone(list, set(finding.pos()));
        }
      }
      case RECONCILE_WORK,
          RECONCILE_HIPRI,
          RECONCILE_PENDING,
          RECONCILE_SCAN,
          RECONCILE_WORK_PHYS,
          RECONCILE_HIPRI_PHYS ->
          transaction.deleteAlone(btree, finding.pos());
      default -> {
        // Of other btrees nothing is known that would mend it.
      }
    }
  }

  private static Bkey set(Bpos pos) {
    return new Bkey().setPos(pos).setType(KeyType.SET.number());
  }

  /** Null if the key asks for no work. */
  private static BtreeId listOf(Bkey key, ExtentEntrySizes sizes) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        long word = entries.word();
        if (ExtentReconcile.NEED_RB.get(word) == 0) {
          return null;
        }
        return ExtentReconcile.PENDING.isSet(word)
            ? BtreeId.RECONCILE_PENDING
            : ExtentReconcile.HIPRI.isSet(word) ? BtreeId.RECONCILE_HIPRI : BtreeId.RECONCILE_WORK;
      }
    }
    return null;
  }
}
