// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

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
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Backpointer;

/** The lists of background work: what is on them for nothing goes, what is missing comes. */
public final class RepairWork implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.RECONCILE_WORK_INCORRECTLY_SET,
              FsckError.RECONCILE_WORK_PHYS_INCORRECTLY_SET,
              FsckError.BTREE_PTR_WITH_NO_RECONCILE_BP,
              FsckError.BTREE_PTR_WITH_BAD_RECONCILE_BP,
              FsckError.BTREE_PTR_TO_BAD_RECONCILE_BP,
              FsckError.RECONCILE_BP_TO_LEAF_NODE_KEY,
              FsckError.RECONCILE_BP_TO_MISSING_BTREE_PTR));

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
    return "put it on the list where it belongs, or take it off";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    for (CheckFinding finding : findings) {
      if (finding.level() > 0) {
        context.filesystem().repair().rewrite(finding.btree(), finding.level() - 1, finding.pos());
        continue;
      }
      context.transact(transaction -> fix(context, transaction, finding));
    }
  }

  private static void fix(RepairContext context, Transaction transaction, CheckFinding finding) {
    BtreeId btree = BtreeId.of(finding.btree());
    Bkey key = new Bkey();
    if (!transaction.lookup(btree, finding.pos(), key)) {
      return;
    }
    switch (btree) {
      case EXTENTS -> {
        Superblock superblock = context.filesystem().superblock();
        BtreeId list = listOf(key, ExtentEntrySizes.of(superblock::extentTypeU64s));
        if (list != null) {
          transaction.updateAlone(list, set(finding));
        }
      }
      case BACKPOINTERS -> {
        long flags = Backpointer.decode(key).flags();
        long work = Backpointer.FLAG_RECONCILE_PHYS.get(flags);
        if (work != 0) {
          BtreeId list = work == 1 ? BtreeId.RECONCILE_HIPRI_PHYS : BtreeId.RECONCILE_WORK_PHYS;
          transaction.updateAlone(list, set(finding));
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

  private static Bkey set(CheckFinding finding) {
    return new Bkey().setPos(finding.pos()).setType(KeyType.SET.number());
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
