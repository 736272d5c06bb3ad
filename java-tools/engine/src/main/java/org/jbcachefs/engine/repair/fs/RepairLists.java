// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;

/** Lists of what is to be done for files: deleted inodes, and operations that are under way. */
public final class RepairLists implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.DELETED_INODE_MISSING,
              FsckError.DELETED_INODE_IS_DIR,
              FsckError.DELETED_INODE_NOT_UNLINKED,
              FsckError.DELETED_INODE_HAS_CHILD_SNAPSHOTS,
              FsckError.DELETED_INODE_BUT_CLEAN,
              FsckError.LOGGED_OP_BUT_CLEAN));

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
      case DELETED_INODE_BUT_CLEAN -> "remove the inode";
      case LOGGED_OP_BUT_CLEAN -> "carry the operation on";
      default -> "take it off the list";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    boolean unfinished = false;
    for (CheckFinding finding : findings) {
      switch (finding.error()) {
        case DELETED_INODE_BUT_CLEAN -> unfinished = true;
        case LOGGED_OP_BUT_CLEAN -> {
          if (isKnown(context, finding.pos())) {
            unfinished = true;
          } else {
            delete(context, BtreeId.LOGGED_OPS, finding.pos());
          }
        }
        default -> delete(context, BtreeId.DELETED_INODES, finding.pos());
      }
    }
    if (unfinished) {
      // Whoever opens a tree finishes first what was left.
      new WritableTree(context.filesystem(), _ -> {}).close();
    }
  }

  private static boolean isKnown(RepairContext context, Bpos pos) {
    Bkey key = new Bkey();
    return context.btrees().lookup(BtreeId.LOGGED_OPS.number(), pos, key)
        && key.type() == KeyType.LOGGED_OP_TRUNCATE.number();
  }

  private static void delete(RepairContext context, BtreeId btree, Bpos pos) {
    context.transact(transaction -> transaction.delete(btree, pos));
  }
}
