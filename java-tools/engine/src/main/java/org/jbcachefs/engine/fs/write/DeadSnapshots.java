// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.ReflinkReferences;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.engine.snapshots.write.SnapshotNodes;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.DamageRecord;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/**
 * Deletes what is left of snapshots that nobody can see any more, some keys at a time: the keys of
 * leaves; the keys of inner nodes with but one child left become that child's, unless it has its
 * own. Source: {@code bch2_delete_dead_snapshots}.
 */
final class DeadSnapshots {
  /** Keys of one transaction. */
  private static final int BATCH = 32;

  private static final List<BtreeId> CONTENTS =
      List.of(BtreeId.EXTENTS, BtreeId.DIRENTS, BtreeId.XATTRS, BtreeId.DAMAGE);

  private final WritableFilesystem filesystem;
  private final boolean states;

  DeadSnapshots(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.states = filesystem.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
  }

  /** Whether there is something to do. */
  boolean any() {
    return !dying().isEmpty();
  }

  /** Deletes all that is to be deleted, as long as that says yes. */
  void delete(BooleanSupplier goOn) {
    Map<Integer, Integer> dying = dying();
    if (dying.isEmpty()) {
      return;
    }
    // What was an ancestor's is overwritten in place once it is the last child's own: after a crash
    // nobody must see it who no longer should.
    filesystem.sync();
    // Extents of an inner node may be split behind the look through them: until nothing is found.
    // Inodes go last, since others look for what is left by them alone.
    long found;
    do {
      found = 0;
      for (BtreeId btree : CONTENTS) {
        long deleted = deleteKeys(btree, dying, goOn);
        if (deleted < 0) {
          return;
        }
        found += deleted;
      }
    } while (found > 0);
    if (deleteKeys(BtreeId.INODES, dying, goOn) < 0) {
      return;
    }
    boolean tombstones = filesystem.allow(MetadataVersion.SNAPSHOT_DELETION_V2);
    dying.forEach((id, child) ->
        filesystem.transact(
            "snapshot_node_delete",
            transaction -> {
              SnapshotNodes nodes = nodes(transaction);
              if (child == 0) {
                nodes.delete(id, tombstones);
              } else {
                nodes.markWithoutKeys(id);
              }
              return null;
            }));
  }

  private SnapshotNodes nodes(Transaction transaction) {
    return new SnapshotNodes(
        transaction,
        filesystem.snapshots(),
        filesystem.random(),
        TreeTransaction.now(filesystem),
        states);
  }

  /** Ids whose keys are to go, children before parents, each with the one child left, or 0. */
  private Map<Integer, Integer> dying() {
    SnapshotTable table = filesystem.snapshots();
    Map<Integer, Integer> dying = new LinkedHashMap<>();
    Map<Integer, Integer> empty = new LinkedHashMap<>();
    for (int id : table.ids()) {
      Snapshot node = table.get(id);
      if (node.deleted() || (states ? isInUse(id, node) : isMarked(node))) {
        continue;
      }
      int live = 0;
      int count = 0;
      for (int child : new int[] {node.child0(), node.child1()}) {
        boolean gone = dying.containsKey(child) && dying.get(child) == 0;
        if (child != 0 && !gone) {
          count++;
          int below = dying.getOrDefault(child, empty.getOrDefault(child, 0));
          live = below != 0 ? below : child;
        }
      }
      if (count == 2) {
        continue;
      }
      if (node.noKeys() && count == 1) {
        empty.put(id, live);
      } else {
        dying.put(id, live);
      }
    }
    return dying;
  }

  private static boolean isMarked(Snapshot node) {
    return (node.flags() & Snapshot.FLAG_SUBVOL) != 0;
  }

  /**
   * Since 1.39: of a leaf, whether it is not marked as about to go, or the subvolume that it names
   * is not gone.
   */
  private boolean isInUse(int id, Snapshot node) {
    if (node.child0() != 0) {
      return false;
    }
    Subvolume named = filesystem.subvolumes().get(node.subvolume());
    boolean gone = named == null || (named.tombstone() && named.snapshot() == id);
    return node.isInState(Snapshot.STATE_LIVE) || !gone;
  }

  /** Deletes those of one btree; how many there were, or -1 if it was broken off. */
  private long deleteKeys(BtreeId btree, Map<Integer, Integer> dying, BooleanSupplier goOn) {
    long found = 0;
    List<Bpos> batch = new ArrayList<>();
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (dying.containsKey(keys.key().snapshot())) {
          batch.add(keys.key().pos());
          found++;
        }
        if (batch.size() == BATCH) {
          delete(btree, batch, dying);
          batch.clear();
          if (!goOn.getAsBoolean()) {
            return -1;
          }
        }
      }
    }
    delete(btree, batch, dying);
    return found;
  }

  private void delete(BtreeId btree, List<Bpos> batch, Map<Integer, Integer> dying) {
    if (btree != BtreeId.EXTENTS) {
      transact(btree, batch, dying);
      return;
    }
    // A child's key and its ancestor's may lie in two nodes: whoever reads the one before this and
    // the other after it would see a hole.
    Lock lock = filesystem.exclusive();
    lock.lock();
    try {
      transact(btree, batch, dying);
    } finally {
      lock.unlock();
    }
  }

  private void transact(BtreeId btree, List<Bpos> batch, Map<Integer, Integer> dying) {
    filesystem.transact(
        "delete_dead_snapshots",
        transaction -> {
          batch.forEach(pos -> delete(transaction, btree, pos, dying.get(pos.snapshot())));
          return null;
        });
  }

  private void delete(Transaction transaction, BtreeId btree, Bpos pos, int child) {
    Bkey key = new Bkey();
    if (!transaction.lookup(btree, pos, key)) {
      return;
    }
    Bkey old = key.copy();
    boolean inode = btree == BtreeId.INODES && Inode.is(old);
    SnapshotKeys keys = new SnapshotKeys(transaction, filesystem.snapshots(), pos.snapshot());
    Bpos below = new Bpos(pos.inode(), pos.offset(), child);
    Bkey own = new Bkey();
    boolean has = child != 0 && transaction.lookup(btree, below, own);
    if (has && old.type() == KeyType.DAMAGE.number() && own.type() == KeyType.DAMAGE.number()) {
      DamageRecord both = DamageRecord.decode(own).with(DamageRecord.decode(old));
      transaction.update(btree, both.toKey(below));
    } else if (child != 0 && !has) {
      if (inode) {
        InodeKeys.putMoved(keys, below, Inode.decode(old));
      } else {
        Bkey moved = old.copy().setPos(below);
        if (moved.type() == KeyType.REFLINK_P.number()) {
          ReflinkReferences.add(transaction, moved);
        }
        transaction.update(btree, moved);
      }
    }
    if (inode) {
      InodeKeys.erase(keys, pos);
    } else {
      transaction.delete(btree, pos);
    }
    if (old.type() == KeyType.REFLINK_P.number()) {
      ReflinkReferences.remove(transaction, old);
    }
    if (has && own.type() == KeyType.WHITEOUT.number()) {
      // It hid what is gone now; it stays only where an older ancestor would show.
      keys.deleteAt(btree, below);
    }
  }
}
