// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * Snapshot trees: each begins at a snapshot that is a root and names the tree in turn, and its
 * master is a subvolume of the tree that is no snapshot itself.
 */
public final class CheckSnapshotTrees implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_SNAPSHOT_TREES;
  }

  @Override
  public void run(CheckContext context) {
    context.stage(BtreeId.SNAPSHOT_TREES.toString());
    SnapshotFacts facts = SnapshotFacts.of(context);
    facts.trees().forEach((id, tree) -> check(context, facts, id, tree));
  }

  private static void check(CheckContext context, SnapshotFacts facts, int id, SnapshotTree tree) {
    int root = tree.rootSnapshot();
    Snapshot node = facts.snapshots().get(root);
    boolean begins = node != null && facts.root(root) == root && node.tree() == id;
    if (!begins) {
      context.report(
          finding(FsckError.SNAPSHOT_TREE_TO_MISSING_SNAPSHOT, id, "the tree's root")
              .expected("a root of this tree")
              .found(describe(root, node)));
    } else if (tree.masterSubvolume() != 0) {
      checkMaster(context, facts, id, tree);
    }
  }

  private static String describe(int root, Snapshot node) {
    String name = "snapshot " + Integer.toUnsignedString(root);
    return node == null
        ? name + ", which does not exist"
        : name
            + " of tree "
            + Integer.toUnsignedString(node.tree())
            + " with parent "
            + Integer.toUnsignedString(node.parent());
  }

  private static void checkMaster(
      CheckContext context, SnapshotFacts facts, int id, SnapshotTree tree) {
    int master = tree.masterSubvolume();
    Subvolume subvolume = facts.subvolumes().get(master);
    if (subvolume == null) {
      context.report(
          finding(
              FsckError.SNAPSHOT_TREE_TO_MISSING_SUBVOL,
              id,
              "the tree's master subvolume " + master + " does not exist"));
    } else if (facts.hasRoot(subvolume.snapshot())
        && !facts.snapshots().isAncestor(subvolume.snapshot(), tree.rootSnapshot())) {
      context.report(
          finding(
                  FsckError.SNAPSHOT_TREE_TO_WRONG_SUBVOL,
                  id,
                  "the tree's master subvolume " + master + " shows another tree")
              .expected("a descendant of snapshot " + Integer.toUnsignedString(tree.rootSnapshot()))
              .found("snapshot " + Integer.toUnsignedString(subvolume.snapshot())));
    } else if (subvolume.isSnapshot()) {
      context.report(
          finding(
              FsckError.SNAPSHOT_TREE_TO_SNAPSHOT_SUBVOL,
              id,
              "the tree's master subvolume " + master + " is itself a snapshot"));
    }
  }

  private static CheckFinding finding(FsckError error, int id, String what) {
    return CheckFinding.of(error, what).at(BtreeId.SNAPSHOT_TREES, SnapshotFacts.pos(id));
  }
}
