// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import java.util.List;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Backpointer;
import org.jbcachefs.format.value.Inode;

/**
 * Extents, stripes and nodes that need background work by their options say so, are on the lists,
 * and nothing else is. Source: {@code bch2_check_reconcile_work}.
 */
public final class CheckReconcileWork implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_RECONCILE_WORK;
  }

  @Override
  public void run(CheckContext context) {
    if (!context.since(MetadataVersion.RECONCILE)) {
      return;
    }
    OptionRules options = new OptionRules(context);
    new WorkLists(
            context,
            List.of(BtreeId.STRIPES, BtreeId.REFLINK, BtreeId.EXTENTS),
            List.of(BtreeId.RECONCILE_WORK, BtreeId.RECONCILE_HIPRI, BtreeId.RECONCILE_PENDING),
            () -> new Logical(context),
            FsckError.RECONCILE_WORK_INCORRECTLY_SET,
            options::worker)
        .check();
    new WorkLists(
            context,
            List.of(BtreeId.BACKPOINTERS),
            List.of(BtreeId.RECONCILE_WORK_PHYS, BtreeId.RECONCILE_HIPRI_PHYS),
            Physical::new,
            FsckError.RECONCILE_WORK_PHYS_INCORRECTLY_SET,
            (_, _) -> _ -> {})
        .check();
    new NodeWork(context, options).check();
  }

  /** Keys by their position; those of the reflink and stripes btrees before all files. */
  private static final class Logical implements WorkLists.Rule {
    private final WorkOf work;

    Logical(CheckContext context) {
      this.work = new WorkOf(context);
    }

    @Override
    public BtreeId list(Bkey key) {
      return WorkOf.list(work.of(key).work());
    }

    @Override
    public Bpos place(BtreeId source, Bkey key) {
      return source == BtreeId.REFLINK
          ? new Bpos(key.inode() + 1, key.offset(), key.snapshot())
          : key.pos();
    }

    @Override
    public Bpos keyOf(BtreeId source, Bkey entry) {
      BtreeId own =
          entry.inode() == 0
              ? BtreeId.STRIPES
              : Long.compareUnsigned(entry.inode(), Inode.ROOT) < 0
                  ? BtreeId.REFLINK
                  : BtreeId.EXTENTS;
      if (own != source) {
        return null;
      }
      return own == BtreeId.REFLINK
          ? new Bpos(entry.inode() - 1, entry.offset(), entry.snapshot())
          : entry.pos();
    }
  }

  /** Backpointers by their own position. */
  private static final class Physical implements WorkLists.Rule {
    @Override
    public BtreeId list(Bkey key) {
      return key.type() == KeyType.BACKPOINTER.number()
          ? WorkOf.physicalList(Backpointer.decode(key).reconcilePhys())
          : null;
    }

    @Override
    public Bpos place(BtreeId source, Bkey key) {
      return key.pos();
    }

    @Override
    public Bpos keyOf(BtreeId source, Bkey entry) {
      return entry.pos();
    }
  }
}
