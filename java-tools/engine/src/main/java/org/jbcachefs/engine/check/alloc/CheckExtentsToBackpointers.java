// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.function.UnaryOperator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Each pointer, to data or to a node, has its backpointer, and no bucket has backpointers that
 * nothing points back at. Only buckets whose sums differ are looked into.
 */
public final class CheckExtentsToBackpointers implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS;
  }

  @Override
  public void run(CheckContext context) {
    AllocationSums.forEach(context, null, UnaryOperator.identity(), sums -> compare(context, sums));
  }

  private static void compare(CheckContext context, AllocationSums sums) {
    BackpointerComparison comparison = BackpointerComparison.of(sums);
    for (AllocationSums.OddPointer odd : sums.oddPointers()) {
      context.report(
          CheckFinding.of(
                  FsckError.PTR_TO_MISSING_BACKPOINTER,
                  "pointer " + odd.pointer() + " has no backpointer")
              .at(odd.btree(), odd.level(), odd.pos()));
    }
    if (comparison.anyDiffers() || comparison.stripesDiffer()) {
      lookUp(context, sums, comparison);
      new SuperfluousBackpointers(context, sums).harmful();
    }
  }

  private static void lookUp(
      CheckContext context, AllocationSums sums, BackpointerComparison comparison) {
    for (int btree : context.btrees().present()) {
      BtreeId id = BtreeId.of(btree);
      int first = id != null && id.hasDataPointers() ? 0 : 1;
      int root = context.btrees().rootLevel(btree);
      for (int level = first; level <= root; level++) {
        int at = level;
        context.scan(btree, at, false, findings -> worker(sums, comparison, btree, at, findings));
      }
      BtreeRoot pointer = context.filesystem().journal().overlay().root(btree);
      if (pointer != null && pointer.key() != null) {
        worker(sums, comparison, btree, pointer.level() + 1, context).key(pointer.key());
      }
    }
  }

  private static PointerLookupWorker worker(
      AllocationSums sums,
      BackpointerComparison comparison,
      int btree,
      int level,
      Findings findings) {
    return new PointerLookupWorker(sums, comparison, btree, level, findings);
  }
}
