// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/**
 * Snapshot nodes: links between parents and children go both ways, depths count up from the roots,
 * skip lists name ancestors, trees begin at an ancestor, and leaves and subvolumes name each other.
 */
public final class CheckSnapshots implements CheckPass {
  private SnapshotFacts facts;
  private CheckContext context;

  /** Ids without a node that were reported. */
  private final Set<Integer> missing = new HashSet<>();

  /** By id; parents are known before their children. */
  private final Map<Integer, Integer> depths = new HashMap<>();

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_SNAPSHOTS;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    context.stage(BtreeId.SNAPSHOTS.toString());
    facts = SnapshotFacts.of(context);
    StateWords states = new StateWords(context);
    for (int id : facts.snapshots().ids().reversed()) {
      Snapshot node = facts.snapshots().get(id);
      int parent = facts.parent(id);
      depths.put(id, parent == 0 ? 0 : depths.get(parent) + 1);
      if (!states.check(id, node)) {
        checkParent(id, node);
        checkChildren(id, node);
        checkSubvolume(id, node);
        checkTree(id, node);
        checkDepth(id, node);
        checkSkipList(id, node);
        checkIsNeeded(id, node);
      }
    }
    facts.subvolumes().all().forEach(this::checkSnapshotOf);
  }

  private void checkParent(int id, Snapshot node) {
    int parentId = node.parent();
    Snapshot parent = facts.snapshots().get(parentId);
    if (parentId == 0) {
      return;
    }
    if (parent == null) {
      reportMissing(parentId, "snapshot " + name(id) + " names it as its parent");
    } else if (parent.deleted()) {
      report(
          FsckError.SNAPSHOT_DELETED_HAS_LIVE_CHILDREN,
          parentId,
          "it is deleted, but snapshot " + name(id) + " is not and names it as its parent");
    } else if (parent.child0() != id && parent.child1() != id) {
      report(
          FsckError.SNAPSHOT_EDGE_BAD,
          id,
          "its parent " + name(parentId) + " does not name it as a child");
    }
  }

  private void checkChildren(int id, Snapshot node) {
    for (int childId : new int[] {node.child0(), node.child1()}) {
      Snapshot child = facts.snapshots().get(childId);
      if (childId != 0 && child == null) {
        reportMissing(childId, "snapshot " + name(id) + " names it as its child");
      } else if (childId != 0 && child.parent() != id) {
        context.report(
            finding(FsckError.SNAPSHOT_EDGE_BAD, id, "parent of its child " + name(childId))
                .expected(name(id))
                .found(name(child.parent())));
      }
    }
  }

  private void checkSubvolume(int id, Snapshot node) {
    boolean states = context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
    if (states && node.willDelete() && node.child0() == 0) {
      checkTombstone(id, node);
      return;
    }
    boolean expected = node.ofSubvolume() && !node.willDelete();
    int number = node.subvolume();
    if (!expected) {
      if (number != 0) {
        report(
            FsckError.SNAPSHOT_SHOULD_NOT_HAVE_SUBVOL,
            id,
            "it names subvolume " + number + " but should name none");
      }
      return;
    }
    Subvolume subvolume = facts.subvolumes().get(number);
    if (subvolume == null) {
      report(
          FsckError.SUBVOL_MISSING, id, "it names subvolume " + number + ", which does not exist");
    } else if (subvolume.snapshot() != id) {
      context.report(
          finding(
                  FsckError.SNAPSHOT_SUBVOL_BACKREF_WRONG,
                  id,
                  "snapshot of the subvolume " + number + " that it names")
              .expected(name(id))
              .found(name(subvolume.snapshot())));
    } else if (states && subvolume.tombstone()) {
      report(
          FsckError.SNAPSHOT_SUBVOL_STATE_MISMATCH,
          id,
          "it is in use, but subvolume " + number + " that it names is deleted");
    }
  }

  /** A leaf that is about to go may name what is left of its subvolume. */
  private void checkTombstone(int id, Snapshot node) {
    int number = node.subvolume();
    Subvolume subvolume = facts.subvolumes().get(number);
    if (number == 0) {
      return;
    }
    if (subvolume == null || subvolume.snapshot() != id) {
      report(
          FsckError.SNAPSHOT_SUBVOL_BACKREF_WRONG,
          id,
          "it is about to be deleted, and names subvolume "
              + number
              + ", which "
              + (subvolume == null
                  ? "does not exist"
                  : "shows snapshot " + name(subvolume.snapshot())));
    } else if (subvolume.unlinked() && !subvolume.tombstone()) {
      report(
          FsckError.SNAPSHOT_SUBVOL_STATE_MISMATCH,
          id,
          "it is about to be deleted, but subvolume " + number + " that it names is not deleted");
    }
  }

  /** What a live subvolume says of its snapshot, seen from the other side. */
  private void checkSnapshotOf(int number, Subvolume subvolume) {
    int id = subvolume.snapshot();
    Snapshot node = facts.snapshots().get(id);
    if (subvolume.unlinked()) {
      return;
    }
    if (node == null) {
      reportMissing(id, "subvolume " + number + " shows it");
    } else if (node.deleted()) {
      report(
          FsckError.SNAPSHOT_DELETED_BUT_SUBVOL_LIVE,
          id,
          "it is deleted, but subvolume " + number + " shows it");
    } else if (node.willDelete() && context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU)) {
      report(
          FsckError.SNAPSHOT_DELETED_BUT_SUBVOL_LIVE,
          id,
          "it is about to be deleted, but subvolume " + number + " shows it");
    } else if (!node.ofSubvolume() && node.child0() == 0) {
      report(
          FsckError.SNAPSHOT_SUBVOL_FLAG_WRONG,
          id,
          "it is not marked as a subvolume's, but subvolume " + number + " shows it");
    } else if (node.child0() == 0 && node.subvolume() != number && isNamedWell(id, node)) {
      context.report(
          finding(FsckError.SNAPSHOT_SUBVOL_BACKREF_WRONG, id, "the subvolume that shows it")
              .expected(number)
              .found(node.subvolume()));
    }
  }

  /** Whether the subvolume that a snapshot names shows it; if not, that was reported. */
  private boolean isNamedWell(int id, Snapshot node) {
    Subvolume named = facts.subvolumes().get(node.subvolume());
    return named != null && named.snapshot() == id;
  }

  private void checkTree(int id, Snapshot node) {
    SnapshotTree tree = facts.trees().get(node.tree());
    if (tree == null) {
      report(
          FsckError.SNAPSHOT_TO_BAD_SNAPSHOT_TREE,
          id,
          "its tree " + name(node.tree()) + " does not exist");
    } else if (facts.hasRoot(id) && !facts.snapshots().isAncestor(id, tree.rootSnapshot())) {
      context.report(
          finding(
                  FsckError.SNAPSHOT_TO_BAD_SNAPSHOT_TREE,
                  id,
                  "root of its tree " + name(node.tree()))
              .expected(name(facts.root(id)))
              .found(name(tree.rootSnapshot())));
    }
  }

  private void checkDepth(int id, Snapshot node) {
    if (facts.hasRoot(id) && node.depth() != depths.get(id)) {
      context.report(
          finding(FsckError.SNAPSHOT_BAD_DEPTH, id, "its depth")
              .expected(depths.get(id))
              .found(name(node.depth())));
    }
  }

  private void checkSkipList(int id, Snapshot node) {
    for (int skip : new int[] {node.skip0(), node.skip1(), node.skip2()}) {
      boolean good = node.parent() == 0 ? skip == 0 : isAncestorOrLost(id, skip);
      if (!good) {
        context.report(
            finding(FsckError.SNAPSHOT_BAD_SKIPLIST, id, "an entry of its skip list")
                .expected(node.parent() == 0 ? "none in a root" : "an ancestor")
                .found(name(skip)));
        return;
      }
    }
  }

  private void checkIsNeeded(int id, Snapshot node) {
    if (node.noKeys() && node.child0() == 0) {
      report(
          FsckError.SNAPSHOT_NO_KEYS_CHILDLESS,
          id,
          "it is marked as an inner snapshot without keys, but has no children");
    }
  }

  /** Where a parent is missing nobody knows who the ancestors above it are. */
  private boolean isAncestorOrLost(int id, int skip) {
    if (skip != 0 && facts.snapshots().isAncestor(id, skip)) {
      return true;
    }
    return skip != 0 && !facts.hasRoot(id);
  }

  private void reportMissing(int id, String why) {
    if (missing.add(id)) {
      report(FsckError.SNAPSHOT_NODE_MISSING, id, "there is no such snapshot, but " + why);
    }
  }

  private void report(FsckError error, int id, String what) {
    context.report(finding(error, id, what));
  }

  private static CheckFinding finding(FsckError error, int id, String what) {
    return CheckFinding.of(error, what).at(BtreeId.SNAPSHOTS, SnapshotFacts.pos(id));
  }

  private static String name(int id) {
    return Integer.toUnsignedString(id);
  }
}
