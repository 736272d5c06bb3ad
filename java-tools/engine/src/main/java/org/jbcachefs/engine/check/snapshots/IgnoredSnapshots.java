// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/**
 * Finds the snapshots whose keys are not looked at: those that the next mount deletes (leaves that
 * are marked so or belong to an unlinked subvolume, and inner ones of which all children are such),
 * those that were deleted, and those in trees whose links contradict each other. Source: {@code
 * check_should_delete_snapshot}.
 */
final class IgnoredSnapshots {
  private final SnapshotFacts facts;
  private final SnapshotTable snapshots;
  private final Set<Integer> shown = new HashSet<>();
  private final Set<Integer> doomed = new HashSet<>();

  /** Inner snapshots of which one child is left: those whose keys become that child's. */
  private final Map<Integer, Integer> moving = new HashMap<>();

  /** The same for those that have no keys any more. */
  private final Map<Integer, Integer> empty = new HashMap<>();

  /** Roots of trees with broken links. */
  private final Set<Integer> broken = new HashSet<>();

  IgnoredSnapshots(SnapshotFacts facts) {
    this.facts = facts;
    this.snapshots = facts.snapshots();
  }

  Set<Integer> ids() {
    for (Subvolume subvolume : facts.subvolumes().all().values()) {
      if (!subvolume.unlinked()) {
        shown.add(subvolume.snapshot());
      }
    }
    for (int id : snapshots.ids()) {
      Snapshot node = snapshots.get(id);
      if (node.deleted() || (!shown.contains(id) && isDoomed(node))) {
        doomed.add(id);
      }
      if (!node.deleted()) {
        checkLinks(id, node);
        noteMoving(id, node);
      }
    }
    Set<Integer> ignored = new HashSet<>(doomed);
    for (int id : broken.isEmpty() ? Set.<Integer>of() : Set.copyOf(snapshots.ids())) {
      if (broken.contains(facts.root(id))) {
        ignored.add(id);
      }
    }
    moving.keySet().removeAll(ignored);
    return Set.copyOf(ignored);
  }

  /**
   * The snapshots whose keys belong to a descendant from the next mount on, each with that one;
   * some keys may have been moved already. To be asked after {@link #ids}.
   */
  Map<Integer, Integer> moving() {
    return Map.copyOf(moving);
  }

  /** Children come before their parents. */
  private void noteMoving(int id, Snapshot node) {
    boolean first = node.child0() != 0 && !doomed.contains(node.child0());
    boolean second = node.child1() != 0 && !doomed.contains(node.child1());
    if (first == second || (node.flags() & Snapshot.FLAG_SUBVOL) != 0 || doomed.contains(id)) {
      return;
    }
    int child = first ? node.child0() : node.child1();
    int live = moving.getOrDefault(child, empty.getOrDefault(child, child));
    (node.noKeys() ? empty : moving).put(id, live);
  }

  /** Children come before their parents. */
  private boolean isDoomed(Snapshot node) {
    if (node.child0() != 0) {
      return doomed.contains(node.child0())
          && (node.child1() == 0 || doomed.contains(node.child1()));
    }
    Subvolume named = facts.subvolumes().get(node.subvolume());
    return node.willDelete() || (named != null && named.unlinked());
  }

  private void checkLinks(int id, Snapshot node) {
    Snapshot parent = snapshots.get(node.parent());
    boolean returned =
        node.parent() == 0
            || (parent != null
                && !parent.deleted()
                && (parent.child0() == id || parent.child1() == id));
    if (!returned) {
      broken.add(facts.root(id));
    }
    for (int childId : new int[] {node.child0(), node.child1()}) {
      Snapshot child = snapshots.get(childId);
      if (childId != 0 && (child == null || child.parent() != id)) {
        broken.add(facts.root(id));
      }
    }
  }
}
