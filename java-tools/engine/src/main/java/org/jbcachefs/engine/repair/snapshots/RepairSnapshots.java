// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;
import org.jbcachefs.format.value.Value;

/**
 * Snapshot nodes, which of them are parents of which, and trees: all at once, as {@link
 * SnapshotForest} makes them of what they say of each other. Written is what differs.
 */
public final class RepairSnapshots implements Repair {
  private static final int BATCH = 64;

  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.SNAPSHOT_NODE_MISSING,
              FsckError.SNAPSHOT_STATE_BAD,
              FsckError.SNAPSHOT_STATE_BITFLIP,
              FsckError.SNAPSHOT_STATE_STALE_TOMBSTONE,
              FsckError.SNAPSHOT_SUBVOL_STATE_MISMATCH,
              FsckError.SUBVOL_STATE_BAD,
              FsckError.SUBVOL_STATE_BITFLIP,
              FsckError.SNAPSHOT_EDGE_BAD,
              FsckError.SNAPSHOT_DELETED_HAS_LIVE_CHILDREN,
              FsckError.SNAPSHOT_DELETED_BUT_SUBVOL_LIVE,
              FsckError.SNAPSHOT_NO_KEYS_CHILDLESS,
              FsckError.SNAPSHOT_BAD_DEPTH,
              FsckError.SNAPSHOT_BAD_SKIPLIST,
              FsckError.SNAPSHOT_SHOULD_NOT_HAVE_SUBVOL,
              FsckError.SNAPSHOT_SUBVOL_FLAG_WRONG,
              FsckError.SNAPSHOT_SUBVOL_BACKREF_WRONG,
              FsckError.SNAPSHOT_TO_BAD_SNAPSHOT_TREE,
              FsckError.SNAPSHOT_TREE_TO_MISSING_SNAPSHOT,
              FsckError.SUBVOL_SNAPSHOT_NOT_LEAF));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SNAPSHOTS;
  }

  @Override
  public String what(FsckError error) {
    return switch (error) {
      case SNAPSHOT_NODE_MISSING -> "make the snapshot anew of what names it";
      case SNAPSHOT_DELETED_HAS_LIVE_CHILDREN, SNAPSHOT_DELETED_BUT_SUBVOL_LIVE ->
          "take the mark off that it is deleted, if what uses it is right";
      case SNAPSHOT_STATE_BAD, SUBVOL_STATE_BAD -> "write the state that its flags say";
      case SNAPSHOT_STATE_BITFLIP, SUBVOL_STATE_BITFLIP -> "write the state that it is nearest to";
      case SNAPSHOT_STATE_STALE_TOMBSTONE -> "write that it is deleted";
      case SNAPSHOT_SUBVOL_STATE_MISMATCH -> "let it go if its subvolume is deleted, else keep it";
      case SNAPSHOT_SHOULD_NOT_HAVE_SUBVOL ->
          "keep the snapshot if a subvolume shows it, else forget the subvolume";
      case SNAPSHOT_TREE_TO_MISSING_SNAPSHOT -> "make the tree begin at its root, or remove it";
      case SUBVOL_SNAPSHOT_NOT_LEAF -> "make it show the snapshot that names it";
      default -> "write what most of its neighbours say";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    NavigableMap<Integer, Subvolume> subvolumes = context.filesystem().subvolumes().all();
    SnapshotTable known = context.filesystem().snapshots();
    NavigableMap<Integer, SnapshotTree> trees = trees(context.btrees());
    boolean states = context.filesystem().since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
    SnapshotForest forest =
        new SnapshotForest(known, subvolumes, trees, new Keys(context.btrees(), known), states);
    List<Consumer<Transaction>> changes = new ArrayList<>();
    forest
        .nodes()
        .descendingMap()
        .forEach((id, node) -> {
          if (!node.equals(known.get(id))) {
            changes.add(put(BtreeId.SNAPSHOTS, id, KeyType.SNAPSHOT, node));
          }
        });
    forest
        .trees()
        .forEach((id, tree) -> {
          if (!tree.equals(trees.get(id))) {
            changes.add(put(BtreeId.SNAPSHOT_TREES, id, KeyType.SNAPSHOT_TREE, tree));
          }
        });
    for (int id : trees.keySet()) {
      if (!forest.trees().containsKey(id)) {
        changes.add(transaction -> transaction.delete(BtreeId.SNAPSHOT_TREES, pos(id)));
      }
    }
    subvolumes.forEach((number, subvolume) -> {
      int shows = forest.shownBy(number);
      if (forest.copies().contains(number)) {
        changes.add(transaction -> {
          transaction.delete(BtreeId.SUBVOLUMES, pos(number));
          transaction.delete(BtreeId.SUBVOLUME_CHILDREN, child(subvolume, number));
        });
        return;
      }
      Subvolume changed = shows == 0 ? subvolume : subvolume.showing(shows);
      if (states) {
        int word = Subvolume.nearestState(subvolume.state());
        changed = changed.inState(word == 0 ? Subvolume.stateOf(subvolume.flags()) : word, true);
      }
      if (!changed.equals(subvolume)) {
        changes.add(put(BtreeId.SUBVOLUMES, number, KeyType.SUBVOLUME, changed));
      }
    });
    for (int from = 0; from < changes.size(); from += BATCH) {
      List<Consumer<Transaction>> some =
          changes.subList(from, Math.min(changes.size(), from + BATCH));
      context.transact(transaction -> some.forEach(change -> change.accept(transaction)));
    }
  }

  private static Bpos child(Subvolume subvolume, int number) {
    return Bpos.of(Integer.toUnsignedLong(subvolume.fsPathParent()), number);
  }

  private static Bpos pos(int id) {
    return Bpos.of(0, Integer.toUnsignedLong(id));
  }

  private static Consumer<Transaction> put(BtreeId btree, int id, KeyType type, Value value) {
    MemorySegment bytes = MemorySegment.ofArray(new long[value.bytes() / Long.BYTES]);
    value.encode(bytes, 0);
    Bkey key = new Bkey().setPos(pos(id)).setType(type.number());
    key.setValue(bytes, 0, (int) bytes.byteSize());
    return transaction -> transaction.update(btree, key);
  }

  private static NavigableMap<Integer, SnapshotTree> trees(Btrees btrees) {
    NavigableMap<Integer, SnapshotTree> found = new TreeMap<>(Integer::compareUnsigned);
    try (KeyIterator keys =
        btrees.iterate(BtreeId.SNAPSHOT_TREES.number(), Bpos.MIN, Bpos.of(0, 0xffffffffL))) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.SNAPSHOT_TREE.number()) {
          found.put((int) keys.key().offset(), SnapshotTree.decode(keys.key()));
        }
      }
    }
    return found;
  }

  /** What keys of files say; looked for once, and only if somebody asks. */
  private static final class Keys implements SnapshotForest.Evidence {
    private static final BtreeId[] BTREES = {
      BtreeId.INODES, BtreeId.DIRENTS, BtreeId.EXTENTS, BtreeId.XATTRS
    };

    private final Btrees btrees;
    private final SnapshotTable known;
    private Set<Integer> snapshots;
    private Map<Integer, Integer> roots;

    Keys(Btrees btrees, SnapshotTable known) {
      this.btrees = btrees;
      this.known = known;
    }

    @Override
    public boolean hasKeys(int snapshot) {
      look();
      return snapshots.contains(snapshot);
    }

    @Override
    public int rootIn(int snapshot) {
      look();
      return roots.getOrDefault(snapshot, 0);
    }

    private void look() {
      if (snapshots != null) {
        return;
      }
      snapshots = new HashSet<>();
      roots = new HashMap<>();
      for (BtreeId btree : BTREES) {
        try (KeyIterator keys = btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            snapshots.add(keys.key().snapshot());
            if (btree == BtreeId.INODES && Inode.is(keys.key())) {
              root(keys.key());
            }
          }
        }
      }
    }

    private void root(Bkey key) {
      Inode inode = Inode.decode(key);
      if (inode.get(InodeField.SUBVOL) != 0 && inode.isDirectory()) {
        roots.put(key.snapshot(), (int) inode.get(InodeField.SUBVOL));
      }
    }

    @Override
    public Set<Integer> versionsOf(long inode) {
      Set<Integer> found = new HashSet<>();
      Bpos from = new Bpos(0, inode, 0);
      try (KeyIterator keys =
          btrees.iterate(BtreeId.INODES.number(), from, new Bpos(0, inode, -1))) {
        while (keys.next()) {
          found.add(keys.key().snapshot());
        }
      }
      return found;
    }

    @Override
    public int rootOf(int snapshot, long inode) {
      Bkey key = new Bkey();
      boolean there =
          VisibleKeys.find(btrees, known, BtreeId.INODES.number(), snapshot, 0, inode, key)
              && Inode.is(key);
      return there ? (int) Inode.decode(key).get(InodeField.SUBVOL) : 0;
    }
  }
}
