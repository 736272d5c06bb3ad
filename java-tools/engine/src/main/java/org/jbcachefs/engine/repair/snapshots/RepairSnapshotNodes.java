// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/** Snapshot nodes that are missing, though others name them: made up of what the others say. */
public final class RepairSnapshotNodes implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of(FsckError.SNAPSHOT_NODE_MISSING);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SNAPSHOTS;
  }

  @Override
  public String what(FsckError error) {
    return "make the snapshot anew of what names it";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    SubvolumeTable subvolumes = context.filesystem().subvolumes();
    SnapshotTable known = context.filesystem().snapshots();
    SnapshotTable all = SnapshotTable.rescue(context.btrees(), subvolumes, _ -> {});
    for (int id : all.ids()) {
      if (known.get(id) == null) {
        int tree = tree(context, all, id);
        context.transact(transaction -> make(transaction, all, subvolumes, id, tree));
      }
    }
  }

  private static void make(
      Transaction transaction, SnapshotTable all, SubvolumeTable subvolumes, int id, int tree) {
    int parent = all.parent(id);
    List<Integer> children = new ArrayList<>();
    for (int other : all.ids()) {
      if (all.parent(other) == id) {
        children.add(other);
      }
    }
    children.sort(Comparator.comparingLong(Integer::toUnsignedLong).reversed());
    int child0 = children.isEmpty() ? 0 : children.getFirst();
    int child1 = children.size() > 1 ? children.get(1) : 0;
    int depth = 0;
    for (int at = parent; at != 0; at = all.parent(at)) {
      depth++;
    }
    int subvolume = child0 == 0 ? shownBy(subvolumes, id) : 0;
    int flags = subvolume == 0 ? 0 : Snapshot.FLAG_SUBVOL;
    Shape shape = Shape.of(Snapshot.BYTES_WITHOUT_STATE);
    Snapshot made =
        new Snapshot(
            flags, parent, child0, child1, subvolume, tree, depth, parent, parent, parent, 0, 0, 0,
            shape);
    MemorySegment value = MemorySegment.ofArray(new long[made.bytes() / Long.BYTES]);
    made.encode(value, 0);
    Bkey key = new Bkey().setPos(Bpos.of(0, Integer.toUnsignedLong(id)));
    key.setType(KeyType.SNAPSHOT.number());
    transaction.update(BtreeId.SNAPSHOTS, key.setValue(value, 0, (int) value.byteSize()));
  }

  /** What a neighbour says, or the tree whose root it is; 0 if nothing says. */
  private static int tree(RepairContext context, SnapshotTable all, int id) {
    if (all.get(id).tree() != 0) {
      return all.get(id).tree();
    }
    try (KeyIterator keys =
        context.btrees().iterate(BtreeId.SNAPSHOT_TREES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        boolean roots =
            keys.key().type() == KeyType.SNAPSHOT_TREE.number()
                && all.isAncestor(id, SnapshotTree.decode(keys.key()).rootSnapshot());
        if (roots) {
          return (int) keys.key().offset();
        }
      }
    }
    return 0;
  }

  private static int shownBy(SubvolumeTable subvolumes, int id) {
    for (Map.Entry<Integer, Subvolume> each : subvolumes.all().entrySet()) {
      if (each.getValue().snapshot() == id && !each.getValue().unlinked()) {
        return each.getKey();
      }
    }
    return 0;
  }
}
