// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.snapshots;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;

/** Subvolumes, snapshot nodes and snapshot trees: what they say of each other. */
public final class RepairSubvolumes implements Repair {
  private static final int ROOT_MODE = Inode.TYPE_DIRECTORY | 0700;

  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.ROOT_SUBVOL_MISSING,
              FsckError.SUBVOL_MISSING,
              FsckError.SUBVOL_NOT_MASTER_AND_NOT_SNAPSHOT,
              FsckError.SNAPSHOT_TREE_TO_MISSING_SUBVOL,
              FsckError.SNAPSHOT_TREE_TO_WRONG_SUBVOL,
              FsckError.SNAPSHOT_TREE_TO_SNAPSHOT_SUBVOL,
              FsckError.SUBVOL_CHILDREN_BAD,
              FsckError.SUBVOL_CHILDREN_NOT_SET,
              FsckError.SUBVOL_ROOT_WRONG_BI_SUBVOL,
              FsckError.SUBVOL_TO_MISSING_ROOT,
              FsckError.SUBVOL_ROOT_FS_PATH_PARENT_NONZERO));

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
      case ROOT_SUBVOL_MISSING, SUBVOL_MISSING -> "make the subvolume anew of what names it";
      case SUBVOL_ROOT_WRONG_BI_SUBVOL ->
          "find the root that says to be its, else make its own say so";
      case SUBVOL_TO_MISSING_ROOT -> "find the root that says to be its, else make an empty one";
      case SUBVOL_CHILDREN_BAD -> "take it off the list";
      case SUBVOL_CHILDREN_NOT_SET -> "put it on the list";
      default -> "write what the others say";
    };
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    SubvolumeTable lost = SubvolumeTable.rescue(context.btrees(), _ -> {});
    for (CheckFinding finding : findings) {
      SnapshotTable snapshots = context.filesystem().snapshots();
      SubvolumeTable subvolumes = context.filesystem().subvolumes();
      context.transact(
          transaction -> new One(context, transaction, snapshots, subvolumes, lost, finding).fix());
    }
  }

  /** One finding, in one transaction. */
  private record One(
      RepairContext context,
      Transaction transaction,
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      SubvolumeTable lost,
      CheckFinding finding) {

    void fix() {
      int id = (int) finding.pos().offset();
      switch (finding.error()) {
        case ROOT_SUBVOL_MISSING -> makeAll();
        case SUBVOL_MISSING -> {
          makeAll();
          Snapshot node = snapshots.get(id);
          if (node != null && lost.get(node.subvolume()) == null) {
            snapshot(id);
          }
        }
        case SUBVOL_NOT_MASTER_AND_NOT_SNAPSHOT -> masterOrSnapshot(id);
        case SUBVOL_CHILDREN_BAD -> transaction.delete(BtreeId.SUBVOLUME_CHILDREN, finding.pos());
        case SUBVOL_CHILDREN_NOT_SET -> {
          Subvolume subvolume = subvolumes.get(id);
          if (subvolume != null) {
            long parent = Integer.toUnsignedLong(subvolume.fsPathParent());
            transaction.set(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(parent, id));
          }
        }
        case SUBVOL_ROOT_WRONG_BI_SUBVOL, SUBVOL_TO_MISSING_ROOT -> root(id);
        case SUBVOL_ROOT_FS_PATH_PARENT_NONZERO ->
            SubvolumeParent.set(transaction, subvolumes, id, 0);
        case SNAPSHOT_TREE_TO_MISSING_SUBVOL,
            SNAPSHOT_TREE_TO_WRONG_SUBVOL,
            SNAPSHOT_TREE_TO_SNAPSHOT_SUBVOL ->
            setMaster();
        default -> snapshot(id);
      }
    }

    /**
     * The root directory of a subvolume whose own is not there, or says to be another's: a
     * directory that its snapshot sees and that says to be it; else its own says so, or a new one
     * is made.
     */
    private void root(int id) {
      Subvolume subvolume = subvolumes.get(id);
      if (subvolume == null) {
        return;
      }
      EntryRepair names =
          new EntryRepair(
              transaction,
              snapshots,
              subvolume.snapshot(),
              context.filesystem().defaults().casefold());
      Inode root = names.inode(subvolume.inode());
      if (root != null && root.get(InodeField.SUBVOL) == id) {
        return;
      }
      // The first subvolume's root has a number of its own: nothing else is ever mounted.
      long found = id == Subvolume.ROOT ? firstRoot(names) : rootSeen(names, id);
      if (found != 0) {
        Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
        put(BtreeId.SUBVOLUMES, pos, KeyType.SUBVOLUME, encoded(subvolume.withInode(found)));
        return;
      }
      long parent = Integer.toUnsignedLong(subvolume.fsPathParent());
      if (root != null) {
        names.put(
            new InodeBuilder(root)
                .set(InodeField.SUBVOL, id)
                .set(InodeField.PARENT_SUBVOL, parent)
                .build());
        return;
      }
      names.put(
          new InodeBuilder(subvolume.inode(), subvolume.snapshot())
              .mode(ROOT_MODE)
              .hash(hash(), context.filesystem().random().nextLong())
              .set(InodeField.SUBVOL, id)
              .set(InodeField.PARENT_SUBVOL, parent)
              .build());
    }

    private static long firstRoot(EntryRepair names) {
      Inode first = names.inode(Inode.ROOT);
      boolean says = first != null && first.get(InodeField.SUBVOL) == Subvolume.ROOT;
      return says && first.isDirectory() ? Inode.ROOT : 0;
    }

    private static long rootSeen(EntryRepair names, int id) {
      try (KeyIterator keys = names.keys().visible(BtreeId.INODES, Bpos.MIN, new Bpos(0, -1, 0))) {
        while (keys.next()) {
          if (Inode.is(keys.key())) {
            Inode inode = Inode.decode(keys.key());
            if (inode.get(InodeField.SUBVOL) == id && inode.isDirectory()) {
              return inode.number();
            }
          }
        }
      }
      return 0;
    }

    private int hash() {
      Superblock superblock = context.filesystem().superblock();
      return StrHash.typeOf(
          (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE), superblock.has(Feature.NEW_SIPHASH));
    }

    private void makeAll() {
      for (Map.Entry<Integer, Subvolume> each : lost.all().entrySet()) {
        Bpos pos = Bpos.of(0, Integer.toUnsignedLong(each.getKey()));
        if (!transaction.lookup(BtreeId.SUBVOLUMES, pos, new Bkey())) {
          Subvolume made = each.getValue().inState(Subvolume.STATE_LIVE, states());
          put(BtreeId.SUBVOLUMES, pos, KeyType.SUBVOLUME, encoded(made));
          int parent = each.getValue().fsPathParent();
          if (parent != 0) {
            transaction.set(
                BtreeId.SUBVOLUME_CHILDREN, Bpos.of(Integer.toUnsignedLong(parent), pos.offset()));
          }
        }
      }
    }

    private void setMaster() {
      Bkey key = new Bkey();
      if (!transaction.lookup(BtreeId.SNAPSHOT_TREES, finding.pos(), key)) {
        return;
      }
      SnapshotTree tree = SnapshotTree.decode(key);
      int master = 0;
      for (Map.Entry<Integer, Subvolume> each : subvolumes.all().entrySet()) {
        boolean inTree = snapshots.isAncestor(each.getValue().snapshot(), tree.rootSnapshot());
        boolean better = master == 0 || !each.getValue().isSnapshot();
        boolean before = master == 0 || subvolumes.get(master).isSnapshot();
        if (inTree && !each.getValue().unlinked() && better && before) {
          master = each.getKey();
        }
      }
      SnapshotTree changed = new SnapshotTree(master, tree.rootSnapshot(), tree.shape());
      MemorySegment value = MemorySegment.ofArray(new long[changed.bytes() / Long.BYTES]);
      changed.encode(value, 0);
      put(BtreeId.SNAPSHOT_TREES, finding.pos(), KeyType.SNAPSHOT_TREE, value);
      if (master != 0 && subvolumes.get(master).isSnapshot()) {
        setFlags(master, subvolumes.get(master).flags() & ~Subvolume.FLAG_SNAP);
      }
    }

    /** A tree without a master gets it; in others it is a snapshot. */
    private void masterOrSnapshot(int id) {
      Subvolume subvolume = subvolumes.get(id);
      Snapshot node = subvolume == null ? null : snapshots.get(subvolume.snapshot());
      Bpos pos = node == null ? null : Bpos.of(0, Integer.toUnsignedLong(node.tree()));
      Bkey key = new Bkey();
      if (pos == null || !transaction.lookup(BtreeId.SNAPSHOT_TREES, pos, key)) {
        return;
      }
      SnapshotTree tree = SnapshotTree.decode(key);
      Subvolume master = subvolumes.get(tree.masterSubvolume());
      if (master != null && snapshots.isAncestor(master.snapshot(), tree.rootSnapshot())) {
        setFlags(id, subvolume.flags() | Subvolume.FLAG_SNAP);
      } else {
        SnapshotTree changed = new SnapshotTree(id, tree.rootSnapshot(), tree.shape());
        MemorySegment value = MemorySegment.ofArray(new long[changed.bytes() / Long.BYTES]);
        changed.encode(value, 0);
        put(BtreeId.SNAPSHOT_TREES, pos, KeyType.SNAPSHOT_TREE, value);
      }
    }

    private void setFlags(int id, int flags) {
      Subvolume was = subvolumes.get(id);
      Subvolume changed =
          new Subvolume(
              flags,
              was.snapshot(),
              was.inode(),
              was.creationParent(),
              was.fsPathParent(),
              was.otimeLo(),
              was.otimeHi(),
              was.state(),
              was.shape());
      Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
      put(BtreeId.SUBVOLUMES, pos, KeyType.SUBVOLUME, encoded(changed));
    }

    /**
     * The subvolume that a snapshot names cannot be had: it names whichever shows it. Where none
     * does and files are left in it the subvolume is made anew, with an empty root: lost+found gets
     * them.
     */
    private void snapshot(int id) {
      Snapshot was = snapshots.get(id);
      if (was == null) {
        return;
      }
      int subvolume = shownBy(id);
      if (subvolume == 0 && isAlive(was) && subvolumes.get(was.subvolume()) == null) {
        EntryRepair names = new EntryRepair(transaction, snapshots, id, false);
        if (seesFiles(names)) {
          emptySubvolume(was.subvolume(), id, names);
          return;
        }
      }
      int without = was.flags() & ~Snapshot.FLAG_SUBVOL;
      int flags = subvolume == 0 ? without : without | Snapshot.FLAG_SUBVOL;
      Snapshot changed =
          new Snapshot(
              flags,
              was.parent(),
              was.child0(),
              was.child1(),
              subvolume,
              was.tree(),
              was.depth(),
              was.skip0(),
              was.skip1(),
              was.skip2(),
              was.btimeLo(),
              was.btimeHi(),
              was.state(),
              was.shape());
      if (states()) {
        int word = Snapshot.nearestState(was.state());
        changed = changed.inState(word == 0 ? Snapshot.stateOf(flags) : word, true);
      }
      MemorySegment value = MemorySegment.ofArray(new long[changed.bytes() / Long.BYTES]);
      changed.encode(value, 0);
      put(BtreeId.SNAPSHOTS, finding.pos(), KeyType.SNAPSHOT, value);
    }

    private static boolean isAlive(Snapshot node) {
      return node.subvolume() > 0 && node.child0() == 0 && !node.deleted() && !node.willDelete();
    }

    private static boolean seesFiles(EntryRepair names) {
      try (KeyIterator keys = names.keys().visible(BtreeId.INODES, Bpos.MIN, new Bpos(0, -1, 0))) {
        while (keys.next()) {
          if (Inode.is(keys.key())) {
            return true;
          }
        }
      }
      return false;
    }

    /** The check that comes next misses its root, which is made then. */
    private void emptySubvolume(int id, int snapshot, EntryRepair names) {
      int shards = (int) context.filesystem().superblock().flag(SuperblockFlag.SHARD_INUMS_NBITS);
      Subvolume made =
          new Subvolume(
              0, snapshot, names.freeNumber(shards), 0, 0, 0, 0, 0, Shape.of(Subvolume.BYTES));
      Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
      put(
          BtreeId.SUBVOLUMES,
          pos,
          KeyType.SUBVOLUME,
          encoded(made.inState(Subvolume.STATE_LIVE, states())));
    }

    private boolean states() {
      return context.filesystem().since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
    }

    /** A subvolume that shows that snapshot; 0 if none does. */
    private int shownBy(int id) {
      for (Map.Entry<Integer, Subvolume> each : subvolumes.all().entrySet()) {
        if (each.getValue().snapshot() == id && !each.getValue().unlinked()) {
          return each.getKey();
        }
      }
      return 0;
    }

    private static MemorySegment encoded(Subvolume subvolume) {
      MemorySegment value = MemorySegment.ofArray(new long[subvolume.bytes() / Long.BYTES]);
      subvolume.encode(value, 0);
      return value;
    }

    private void put(BtreeId btree, Bpos pos, KeyType type, MemorySegment value) {
      Bkey key = new Bkey().setPos(pos).setType(type.number());
      transaction.update(btree, key.setValue(value, 0, (int) value.byteSize()));
    }
  }
}
