// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * A directory entry that leads to what does not exist, or to what has another type or another name,
 * though an inode says that this is its name: it leads to that inode again, which keeps its name.
 */
final class LostTarget {
  private LostTarget() {}

  /**
   * Mends the entry that an inode names.
   *
   * @return false if it is not one that leads nowhere, or to what is not its own
   */
  static boolean mend(RepairContext context, Transaction transaction, Inode inode) {
    long directory = inode.get(InodeField.DIR);
    long offset = inode.get(InodeField.DIR_OFFSET);
    SnapshotTable table = context.filesystem().snapshots();
    SubvolumeTable subvolumes = context.filesystem().subvolumes();
    int subvolume = (int) inode.get(InodeField.SUBVOL);
    try (KeyIterator keys =
        transaction.iterate(
            BtreeId.DIRENTS, new Bpos(directory, offset, 0), new Bpos(directory, offset, -1))) {
      while (keys.next()) {
        Bkey key = keys.key().copy();
        if (key.type() != KeyType.DIRENT.number()) {
          continue;
        }
        boolean mends;
        if (subvolume != 0) {
          mends =
              Dirent.type(key) == Dirent.TYPE_SUBVOLUME
                  && subvolumes.get(subvolume) != null
                  && subvolumes.get((int) Dirent.target(key)) == null;
        } else {
          mends =
              Dirent.type(key) == inode.direntType()
                  && table.isAncestor(inode.snapshot(), key.snapshot())
                  && versions(context, transaction, key).stream()
                      .allMatch(version -> isAnothers(context, transaction, key, version));
        }
        if (mends) {
          lead(transaction, key, subvolume, inode.number());
          return true;
        }
      }
    }
    return false;
  }

  /** Whether the entry that an inode names leads to it. */
  static boolean leadsTo(RepairContext context, Transaction transaction, Inode inode) {
    long directory = inode.get(InodeField.DIR);
    long offset = inode.get(InodeField.DIR_OFFSET);
    SnapshotTable table = context.filesystem().snapshots();
    int subvolume = (int) inode.get(InodeField.SUBVOL);
    try (KeyIterator keys =
        transaction.iterate(
            BtreeId.DIRENTS, new Bpos(directory, offset, 0), new Bpos(directory, offset, -1))) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean entry = key.type() == KeyType.DIRENT.number();
        boolean toSubvolume = entry && Dirent.type(key) == Dirent.TYPE_SUBVOLUME;
        if (toSubvolume && subvolume != 0 && (int) Dirent.target(key) == subvolume) {
          return true;
        }
        boolean seen = table.isAncestor(inode.snapshot(), key.snapshot());
        if (entry && !toSubvolume && seen && Dirent.target(key) == inode.number()) {
          return true;
        }
      }
    }
    return false;
  }

  private static void lead(Transaction transaction, Bkey key, int subvolume, long number) {
    long at = key.valueOffset() + Dirent.OFFSET_INUM;
    if (subvolume != 0) {
      Le.putU32(key.segment(), key.valueOffset() + Dirent.OFFSET_CHILD_SUBVOL, subvolume);
    } else {
      Le.putU64(key.segment(), at, number);
    }
    transaction.update(BtreeId.DIRENTS, key);
  }

  /** Whether what the entry leads to cannot have it: by its type, or as it has one name only. */
  private static boolean isAnothers(
      RepairContext context, Transaction transaction, Bkey entry, Inode target) {
    if (target.get(InodeField.DIR) == entry.inode()
        && target.get(InodeField.DIR_OFFSET) == entry.offset()) {
      return false;
    }
    boolean single = target.isDirectory() || target.get(InodeField.NLINK) == 0;
    return Dirent.type(entry) != target.direntType()
        || (single && leadsTo(context, transaction, target));
  }

  /** Whether a snapshot that sees the entry has its inode. */
  static boolean exists(RepairContext context, Transaction transaction, Bkey entry) {
    return !versions(context, transaction, entry).isEmpty();
  }

  /** Those of its inode that are in a snapshot which sees the entry. */
  private static List<Inode> versions(RepairContext context, Transaction transaction, Bkey entry) {
    SnapshotTable table = context.filesystem().snapshots();
    long number = Dirent.target(entry);
    List<Inode> found = new ArrayList<>();
    try (KeyIterator versions =
        transaction.iterate(BtreeId.INODES, new Bpos(0, number, 0), new Bpos(0, number, -1))) {
      while (versions.next()) {
        Bkey key = versions.key();
        boolean related =
            table.isAncestor(entry.snapshot(), key.snapshot())
                || (table.isAncestor(key.snapshot(), entry.snapshot())
                    && sees(context, transaction, key.snapshot(), entry.pos()));
        if (Inode.is(key) && related) {
          found.add(Inode.decode(key.copy()));
        }
      }
    }
    return found;
  }

  private static boolean sees(
      RepairContext context, Transaction transaction, int snapshot, Bpos entry) {
    Bpos at = new Bpos(entry.inode(), entry.offset(), snapshot);
    try (KeyIterator found =
        context.seenBy(transaction, snapshot).keys().visible(BtreeId.DIRENTS, at, at)) {
      return found.next() && found.key().snapshot() == entry.snapshot();
    }
  }
}
