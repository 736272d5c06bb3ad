// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * Roots of subvolumes as they were before a snapshot: they stay in an inner snapshot, name the
 * subvolume whose root they were, and nobody sees them, since every snapshot has its own. From 1.39
 * on they are checked, and must name one that exists: when it is deleted they come to name another
 * one that has its root from there, as if that had been the first. Source: {@code check_inode}.
 */
public final class OldRoots {
  /** Where a subvolume's root has its name. */
  private static final List<InodeField> NAME =
      List.of(InodeField.PARENT_SUBVOL, InodeField.DIR, InodeField.DIR_OFFSET);

  private OldRoots() {}

  /** Goes over all of them, and hands on those of subvolumes that are gone. */
  public static void handOnAll(WritableFilesystem filesystem) {
    List<Bpos> found = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Inode inode = Inode.is(keys.key()) ? Inode.decode(keys.key()) : null;
        boolean old =
            inode != null
                && inode.get(InodeField.SUBVOL) != 0
                && inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
        if (old) {
          Subvolume named = filesystem.subvolumes().get((int) inode.get(InodeField.SUBVOL));
          if (named == null || named.tombstone()) {
            found.add(keys.key().pos());
          }
        }
      }
    }
    for (Bpos pos : found) {
      filesystem.transact(
          "old_roots",
          transaction -> {
            handOn(transaction, filesystem.snapshots(), pos, 0);
            return null;
          });
    }
  }

  /**
   * Hands on those above a subvolume that is being deleted.
   *
   * @param id of the subvolume
   */
  static void handOn(Transaction transaction, SnapshotTable table, int id, Subvolume old) {
    for (int above : table.lineage(old.snapshot())) {
      Bpos pos = new Bpos(0, old.inode(), above);
      Inode root = InodeKeys.version(transaction, pos);
      if (above != old.snapshot() && root != null && root.get(InodeField.SUBVOL) == id) {
        handOn(transaction, table, pos, id);
      }
    }
  }

  private static void handOn(Transaction transaction, SnapshotTable table, Bpos pos, int but) {
    Inode root = InodeKeys.version(transaction, pos);
    Bpos end = Bpos.of(0, Integer.MAX_VALUE);
    try (KeyIterator keys = transaction.iterate(BtreeId.SUBVOLUMES, Bpos.MIN, end)) {
      while (root != null && keys.next()) {
        Bkey key = keys.key();
        Subvolume each = Subvolume.decode(key);
        boolean sees =
            key.offset() != but
                && each.inode() == pos.offset()
                && !each.unlinked()
                && table.isAncestor(each.snapshot(), pos.snapshot());
        Inode of = sees ? rootOf(transaction, table, each) : null;
        if (of != null) {
          InodeBuilder changed = new InodeBuilder(root).set(InodeField.SUBVOL, key.offset());
          NAME.forEach(field -> changed.set(field, of.get(field)));
          transaction.update(BtreeId.INODES, changed.toKey());
          return;
        }
      }
    }
  }

  private static Inode rootOf(Transaction transaction, SnapshotTable table, Subvolume subvolume) {
    SnapshotKeys keys = new SnapshotKeys(transaction, table, subvolume.snapshot());
    return InodeKeys.find(keys, subvolume.inode());
  }
}
