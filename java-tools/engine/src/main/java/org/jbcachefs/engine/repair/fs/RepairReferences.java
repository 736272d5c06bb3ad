// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.FsckError;

/**
 * How many references there are to shared extents; those without any go. After {@link
 * RepairInodes}, which learns from wrong counts where references are lost.
 */
public final class RepairReferences implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of(FsckError.REFLINK_V_REFCOUNT_WRONG);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.INODES;
  }

  @Override
  public String what(FsckError error) {
    return "write the number of references";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    context.oneByOne(findings, RepairReferences::count);
  }

  private static void count(Transaction transaction, CheckFinding finding) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.REFLINK, finding.pos(), key)) {
      return;
    }
    long references = Long.parseUnsignedLong(finding.expected());
    if (references == 0) {
      transaction.delete(BtreeId.REFLINK, finding.pos());
    } else {
      Bkey changed = key.copy();
      Le.putU64(changed.segment(), changed.valueOffset(), references);
      transaction.update(BtreeId.REFLINK, changed);
    }
  }
}
