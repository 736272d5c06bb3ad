// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/**
 * Makes up snapshot nodes that are missing from what their neighbours say: children name their
 * parent and three more ancestors, parents name their children, subvolumes name their snapshot.
 */
final class SnapshotRepair {
  /** The first snapshot of every filesystem. */
  private static final int FIRST_ID = -1;

  private final TreeMap<Integer, Snapshot> nodes = new TreeMap<>(Integer::compareUnsigned);
  private final Consumer<Finding> findings;

  private SnapshotRepair(Consumer<Finding> findings) {
    this.findings = findings;
  }

  static SnapshotTable read(
      Btrees btrees, Collection<Subvolume> subvolumes, Consumer<Finding> findings) {
    SnapshotRepair repair = new SnapshotRepair(findings);
    repair.read(btrees);
    boolean lost = repair.nodes.isEmpty();
    repair.addChildren();
    repair.addParents();
    for (Subvolume subvolume : subvolumes) {
      repair.add(subvolume.snapshot(), lost ? FIRST_ID : 0, 0, "a subvolume names it");
    }
    if (lost) {
      repair.add(FIRST_ID, 0, 0, "every filesystem begins with it");
    }
    return repair.table();
  }

  private void read(Btrees btrees) {
    int btree = BtreeId.SNAPSHOTS.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, SnapshotReader.LAST)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.SNAPSHOT.number() && key.inode() == 0 && key.offset() != 0) {
          nodes.put((int) key.offset(), Snapshot.decode(key));
        }
      }
    }
  }

  private void addChildren() {
    for (Map.Entry<Integer, Snapshot> entry : List.copyOf(nodes.entrySet())) {
      Snapshot node = entry.getValue();
      if (!node.deleted()) {
        add(node.child0(), entry.getKey(), node.tree(), "its parent names it");
        add(node.child1(), entry.getKey(), node.tree(), "its parent names it");
      }
    }
  }

  /** From the lowest ids up, so that parents made up here get parents of their own. */
  private void addParents() {
    List<Integer> ids = new ArrayList<>(nodes.keySet());
    for (int id : ids) {
      for (int at = id; ; ) {
        Snapshot node = nodes.get(at);
        int parent = node.parent();
        if (node.deleted() || Integer.compareUnsigned(parent, at) <= 0) {
          break;
        }
        add(parent, nextSkip(node, parent), node.tree(), "its child names it");
        at = parent;
      }
    }
  }

  /** The nearest ancestor above the parent that a node's skip list names; 0 if none. */
  private static int nextSkip(Snapshot node, int parent) {
    for (int skip : new int[] {node.skip0(), node.skip1(), node.skip2()}) {
      if (Integer.compareUnsigned(skip, parent) > 0) {
        return skip;
      }
    }
    return 0;
  }

  private void add(int id, int parent, int tree, String why) {
    if (id == 0 || nodes.containsKey(id)) {
      return;
    }
    int above = Integer.compareUnsigned(parent, id) > 0 ? parent : 0;
    nodes.put(
        id, new Snapshot(0, above, 0, 0, 0, tree, 0, 0, 0, 0, 0, 0, 0, Shape.of(Snapshot.BYTES)));
    findings.accept(
        new Finding(
            "snapshot_node_missing",
            Place.structure("btree snapshots").at("0:" + Integer.toUnsignedString(id)),
            "the snapshot node is missing; " + why));
  }

  private SnapshotTable table() {
    int[] ids = nodes.keySet().stream().mapToInt(Integer::intValue).toArray();
    return new SnapshotTable(ids, nodes.values().toArray(Snapshot[]::new));
  }
}
