// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Subvolume;

/** The root subvolume and its root directory. */
public final class CheckRoot implements CheckPass {
  /** What the root subvolume shows in a new filesystem. */
  private static final int FIRST_SNAPSHOT = -1;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_ROOT;
  }

  @Override
  public void run(CheckContext context) {
    context.stage("root directory");
    SnapshotFacts facts = SnapshotFacts.of(context);
    Subvolume subvolume = facts.subvolumes().get(Subvolume.ROOT);
    if (subvolume == null) {
      context.report(
          CheckSubvolumes.finding(
              FsckError.ROOT_SUBVOL_MISSING, Subvolume.ROOT, "the root subvolume does not exist"));
    }
    int snapshot = subvolume == null ? FIRST_SNAPSHOT : subvolume.snapshot();
    Inode root = facts.inode(snapshot, Inode.ROOT);
    Bpos pos = new Bpos(0, Inode.ROOT, snapshot);
    if (root == null) {
      context.report(
          CheckFinding.of(FsckError.ROOT_DIR_MISSING, "the root directory does not exist")
              .at(BtreeId.INODES, pos));
    } else if (!root.isDirectory()) {
      context.report(
          CheckFinding.of(FsckError.ROOT_INODE_NOT_DIR, "type of the root inode")
              .at(BtreeId.INODES, pos)
              .expected("a directory")
              .found("mode 0" + Integer.toOctalString(root.mode())));
    }
  }
}
