// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * Subvolumes: each shows a leaf of the snapshots, has a root directory that names it, is on its
 * parent's list of children, and is a snapshot unless it is its tree's master. Those that are
 * unlinked wait to be deleted and are left alone.
 */
public final class CheckSubvolumes implements CheckPass {
  private SnapshotFacts facts;
  private CheckContext context;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_SUBVOLS;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    context.stage(BtreeId.SUBVOLUMES.toString());
    facts = SnapshotFacts.of(context);
    StateWords states = new StateWords(context);
    facts
        .subvolumes()
        .all()
        .forEach((number, subvolume) -> {
          states.check(number, subvolume);
          // That its snapshot is missing is a finding about snapshots.
          if (!subvolume.unlinked() && facts.snapshots().get(subvolume.snapshot()) != null) {
            check(number, subvolume);
          }
        });
  }

  private void check(int number, Subvolume subvolume) {
    if (!facts.isLeaf(subvolume.snapshot())) {
      context.report(
          finding(
              FsckError.SUBVOL_SNAPSHOT_NOT_LEAF,
              number,
              "its snapshot " + name(subvolume.snapshot()) + " has children"));
    }
    try {
      checkParent(number, subvolume);
      checkRoot(number, subvolume);
    } catch (CorruptionException e) {
      context.unreadable(e, context);
    }
    if (!subvolume.isSnapshot()) {
      checkMaster(number, subvolume);
    }
  }

  private void checkParent(int number, Subvolume subvolume) {
    int parent = subvolume.fsPathParent();
    if (parent == 0) {
      return;
    }
    if (number == Subvolume.ROOT) {
      context.report(
          finding(
                  FsckError.SUBVOL_ROOT_FS_PATH_PARENT_NONZERO,
                  number,
                  "parent of the root subvolume")
              .expected(0)
              .found(name(parent)));
    }
    Bpos child = Bpos.of(Integer.toUnsignedLong(parent), number);
    if (!facts.has(BtreeId.SUBVOLUME_CHILDREN, child, KeyType.SET)) {
      context.report(
          finding(
              FsckError.SUBVOL_CHILDREN_NOT_SET,
              number,
              "it is not on the list of children of subvolume " + name(parent)));
    }
  }

  private void checkRoot(int number, Subvolume subvolume) {
    Inode root = facts.rootOf(subvolume);
    String where =
        "root directory "
            + Long.toUnsignedString(subvolume.inode())
            + " in snapshot "
            + name(subvolume.snapshot());
    if (root == null) {
      context.report(
          finding(FsckError.SUBVOL_TO_MISSING_ROOT, number, "its " + where + " does not exist"));
    } else if (root.get(InodeField.SUBVOL) != number) {
      context.report(
          finding(
                  FsckError.SUBVOL_ROOT_WRONG_BI_SUBVOL,
                  number,
                  "subvolume that its " + where + " names")
              .expected(number)
              .found(Long.toUnsignedString(root.get(InodeField.SUBVOL))));
    }
  }

  private void checkMaster(int number, Subvolume subvolume) {
    Snapshot root = facts.snapshots().get(facts.root(subvolume.snapshot()));
    SnapshotTree tree = facts.trees().get(root.tree());
    if (tree != null && tree.masterSubvolume() != number) {
      context.report(
          finding(
                  FsckError.SUBVOL_NOT_MASTER_AND_NOT_SNAPSHOT,
                  number,
                  "it is not marked as a snapshot; master of its tree " + name(root.tree()))
              .expected(number)
              .found(name(tree.masterSubvolume())));
    }
  }

  static CheckFinding finding(FsckError error, int number, String what) {
    return CheckFinding.of(error, what).at(BtreeId.SUBVOLUMES, Bpos.of(0, number));
  }

  private static String name(int id) {
    return Integer.toUnsignedString(id);
  }
}
