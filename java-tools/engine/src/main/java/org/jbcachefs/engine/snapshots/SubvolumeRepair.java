// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/**
 * Makes up subvolumes that are missing: snapshot nodes name the subvolume that shows them, root
 * directories name theirs. Where a root directory's inode is lost as well, entries tell which it
 * was.
 */
final class SubvolumeRepair {
  /** The first snapshot of every filesystem. */
  private static final int FIRST_SNAPSHOT = -1;

  private final NavigableMap<Integer, Subvolume> subvolumes;

  /** Snapshot by snapshot its parent. */
  private final Map<Integer, Integer> parents = new HashMap<>();

  /** Subvolume by subvolume the snapshot that it shows, as the snapshots say. */
  private final NavigableMap<Integer, Integer> shown = new TreeMap<>();

  private final Consumer<Finding> findings;

  private SubvolumeRepair(Btrees btrees, Consumer<Finding> findings) {
    this.subvolumes = new TreeMap<>(SubvolumeTable.readAll(btrees));
    this.findings = findings;
  }

  static NavigableMap<Integer, Subvolume> read(Btrees btrees, Consumer<Finding> findings) {
    SubvolumeRepair repair = new SubvolumeRepair(btrees, findings);
    repair.readSnapshots(btrees);
    boolean lacking =
        !repair.subvolumes.containsKey(Subvolume.ROOT)
            || btrees.mayLack(BtreeId.SUBVOLUMES.number(), Bpos.MIN, Bpos.MAX)
            || !repair.subvolumes.keySet().containsAll(repair.shown.keySet());
    if (lacking) {
      repair.addByRoots(btrees);
      repair.addByEntries(btrees);
      if (!repair.subvolumes.containsKey(Subvolume.ROOT)) {
        repair.add(Subvolume.ROOT, FIRST_SNAPSHOT, Inode.ROOT, 0);
      }
    }
    return repair.subvolumes;
  }

  private void readSnapshots(Btrees btrees) {
    int btree = BtreeId.SNAPSHOTS.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, SnapshotReader.LAST)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.SNAPSHOT.number()) {
          Snapshot node = Snapshot.decode(key);
          parents.put((int) key.offset(), node.parent());
          if (node.subvolume() > 0 && !node.deleted() && !node.willDelete()) {
            shown.put(node.subvolume(), (int) key.offset());
          }
        }
      }
    }
  }

  /** Looks for root directories of subvolumes that there are no keys of. */
  private void addByRoots(Btrees btrees) {
    int btree = BtreeId.INODES.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, new Bpos(0, -1, -1))) {
      while (keys.next()) {
        Inode inode = decode(keys.key());
        if (inode == null) {
          continue;
        }
        int id = (int) inode.get(InodeField.SUBVOL);
        // Where snapshots are known, they know which of the subvolumes are alive.
        boolean alive = shown.isEmpty() || shown.containsKey(id);
        if (id > 0 && alive && inode.isDirectory() && !subvolumes.containsKey(id)) {
          int snapshot = shown.getOrDefault(id, keys.key().snapshot());
          add(id, snapshot, inode.number(), (int) inode.get(InodeField.PARENT_SUBVOL));
        }
      }
    }
  }

  /** Those of which neither key nor root is left, and that no other subvolume stands in for. */
  private void addByEntries(Btrees btrees) {
    Set<Integer> known = new HashSet<>();
    subvolumes.values().forEach(subvolume -> known.add(subvolume.snapshot()));
    RootByEntries roots = new RootByEntries(btrees, parents);
    for (Map.Entry<Integer, Integer> each : shown.entrySet()) {
      int id = each.getKey();
      int snapshot = each.getValue();
      if (id != Subvolume.ROOT && !subvolumes.containsKey(id) && known.add(snapshot)) {
        roots.of(snapshot).ifPresent(root -> add(id, snapshot, root, 0));
      }
    }
  }

  /** Null for what is no inode that can be unpacked. */
  static Inode decode(Bkey key) {
    if (!Inode.is(key)) {
      return null;
    }
    try {
      return Inode.decode(key);
    } catch (CorruptionException _) {
      // What is damaged names nothing; whoever lists the directory reports it.
      return null;
    }
  }

  private void add(int id, int snapshot, long inode, int parent) {
    Shape shape = Shape.of(Subvolume.BYTES);
    subvolumes.put(id, new Subvolume(0, snapshot, inode, 0, parent, 0, 0, 0, shape));
    findings.accept(
        new Finding(
            "subvol_missing",
            Place.structure("btree subvolumes").at("0:" + id),
            "the subvolume's key is missing; its root is taken to be inode "
                + Long.toUnsignedString(inode)
                + " in snapshot "
                + Integer.toUnsignedString(snapshot)));
  }
}
