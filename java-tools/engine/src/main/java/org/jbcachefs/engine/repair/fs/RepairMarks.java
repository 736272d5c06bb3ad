// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.fs.write.InodeMarks;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;

/** What inodes say of their options and ACLs, and records of their damage: of version 1.39. */
public final class RepairMarks implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.INODE_HAS_INODE_OPTS_FLAG_WRONG,
              FsckError.INODE_HAS_ACCESS_ACL_FLAG_WRONG,
              FsckError.INODE_HAS_DEFAULT_ACL_FLAG_WRONG,
              FsckError.DAMAGE_KEY_NO_INODE));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.COUNTS;
  }

  @Override
  public String what(FsckError error) {
    return error == FsckError.DAMAGE_KEY_NO_INODE
        ? "remove the record"
        : "mark the inode by what it has";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    List<Bpos> marks = new ArrayList<>();
    for (CheckFinding finding : findings) {
      if (finding.error() == FsckError.DAMAGE_KEY_NO_INODE) {
        Bpos pos = finding.pos();
        context.transact(transaction -> transaction.delete(BtreeId.DAMAGE, pos));
      } else {
        marks.add(finding.pos());
      }
    }
    new InodeMarks(context.filesystem()).refresh(marks);
  }
}
