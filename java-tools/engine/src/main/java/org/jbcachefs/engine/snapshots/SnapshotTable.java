// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.value.Snapshot;

/**
 * All snapshot nodes of a filesystem, in memory. Parents have higher ids than children; a node
 * whose parent does not obey that, or is missing, counts as a root. Thread-safe, immutable.
 */
public final class SnapshotTable {
  private final int[] ids;
  private final Snapshot[] nodes;
  private final Ancestry ancestry;

  /** The nodes with those ids, which ascend as unsigned numbers. */
  SnapshotTable(int[] ids, Snapshot[] nodes) {
    this.ids = ids;
    this.nodes = nodes;
    int[] parents = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      parents[i] = nodes[i].parent();
    }
    this.ancestry = new Ancestry(ids, parents);
  }

  /** Reads the snapshots btree. */
  public static SnapshotTable read(Btrees btrees) {
    return SnapshotReader.read(btrees);
  }

  /**
   * Reads what is left of the snapshots btree and makes up the nodes that are missing.
   *
   * @param subvolumes name snapshots too
   * @param findings told of every node that was made up
   */
  public static SnapshotTable rescue(
      Btrees btrees, SubvolumeTable subvolumes, Consumer<Finding> findings) {
    return SnapshotRepair.read(btrees, subvolumes.all().values(), findings);
  }

  /** These nodes with some that are new or changed. */
  public SnapshotTable with(Map<Integer, Snapshot> changed) {
    Map<Integer, Snapshot> all = new TreeMap<>(Integer::compareUnsigned);
    for (int i = 0; i < ids.length; i++) {
      all.put(ids[i], nodes[i]);
    }
    all.putAll(changed);
    return new SnapshotTable(
        all.keySet().stream().mapToInt(Integer::intValue).toArray(),
        all.values().toArray(Snapshot[]::new));
  }

  /** The node with that id, or null if there is none. */
  public Snapshot get(int id) {
    int at = index(id);
    return at < 0 ? null : nodes[at];
  }

  /** All ids, ascending as unsigned numbers. */
  public List<Integer> ids() {
    return java.util.Arrays.stream(ids).boxed().toList();
  }

  /**
   * Whether {@code ancestor} is {@code id} itself or one of its ancestors, in constant time. Ids
   * that there are no nodes of have no ancestors.
   */
  public boolean isAncestor(int id, int ancestor) {
    return ancestry.isAncestor(id, ancestor);
  }

  /** Parent of that snapshot; 0 if it has none that obeys the order of ids. */
  public int parent(int id) {
    Snapshot node = get(id);
    return node == null || Integer.compareUnsigned(node.parent(), id) <= 0 ? 0 : node.parent();
  }

  /** That snapshot and its ancestors, ascending: the ids whose keys it may see. */
  public int[] lineage(int id) {
    int length = 0;
    for (int at = id; at != 0; at = parent(at)) {
      length++;
    }
    int[] lineage = new int[length];
    int at = id;
    for (int i = 0; i < length; i++) {
      lineage[i] = at;
      at = parent(at);
    }
    return lineage;
  }

  private int index(int id) {
    return ancestry.index(id);
  }
}
