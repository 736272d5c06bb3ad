// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.value.Snapshot;

/** The snapshot nodes that live, as trees. Immutable. */
final class SnapshotForest {
  /**
   * One node.
   *
   * @param children those that are here, as the node names them
   */
  record Node(int id, Snapshot snapshot, List<Integer> children) {}

  private final TreeMap<Integer, Node> nodes = new TreeMap<>(Integer::compareUnsigned);
  private final Map<Integer, Integer> parents = new HashMap<>();

  SnapshotForest(SnapshotTable table) {
    for (int id : table.ids()) {
      Snapshot snapshot = table.get(id);
      if (!snapshot.deleted()) {
        nodes.put(id, new Node(id, snapshot, childrenOf(id, snapshot, table)));
        parents.put(id, table.parent(id));
      }
    }
  }

  /** Only children that name the node as their parent: a damaged table may hold loops. */
  private static List<Integer> childrenOf(int id, Snapshot snapshot, SnapshotTable table) {
    List<Integer> children = new ArrayList<>();
    for (int child : new int[] {snapshot.child0(), snapshot.child1()}) {
      Snapshot found = child == 0 ? null : table.get(child);
      if (found != null
          && !found.deleted()
          && table.parent(child) == id
          && !children.contains(child)) {
        children.add(child);
      }
    }
    return children;
  }

  Node get(int id) {
    return nodes.get(id);
  }

  /** The highest ancestor that is here. */
  int rootOf(int id) {
    int at = id;
    while (nodes.containsKey(parents.getOrDefault(at, 0))) {
      at = parents.get(at);
    }
    return at;
  }

  /** Roots of all trees, oldest (highest) first. */
  List<Integer> roots() {
    List<Integer> roots = new ArrayList<>();
    for (int id : nodes.descendingKeySet()) {
      if (rootOf(id) == id) {
        roots.add(id);
      }
    }
    return roots;
  }

  /** All nodes of the trees of these roots, by number ascending. */
  List<Node> under(List<Integer> roots) {
    List<Node> found = new ArrayList<>();
    for (Node node : nodes.values()) {
      if (roots.contains(rootOf(node.id))) {
        found.add(node);
      }
    }
    return found;
  }
}
