// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * Versions of inodes whose mode names another type than everything else does. No inode ever changes
 * its type, so where the entry that leads to it says another one, and so do all its other versions
 * or what it has, the mode is what is wrong: to believe it would cost what the inode has. Belongs
 * to one transaction.
 */
final class InodeTypes {
  private static final int TYPE_SHIFT = 12;

  private final RepairContext context;
  private final Transaction transaction;
  private final SnapshotTable table;

  InodeTypes(RepairContext context, Transaction transaction) {
    this.context = context;
    this.transaction = transaction;
    this.table = context.filesystem().snapshots();
  }

  /**
   * Gives versions that an entry leads to the entry's type, where it is their mode that is wrong.
   *
   * @return whether there were any
   */
  boolean mendByEntry(Bkey entry) {
    List<Inode> versions = versions(Dirent.target(entry));
    boolean any = false;
    for (Inode version : versions) {
      boolean related =
          table.isAncestor(version.snapshot(), entry.snapshot())
              || table.isAncestor(entry.snapshot(), version.snapshot());
      any |= related && mend(version, versions, Dirent.type(entry) << TYPE_SHIFT);
    }
    return any;
  }

  /**
   * Gives the version of an inode that a snapshot sees the type that it must have by the entry that
   * it names, as the root of a subvolume, or by what it has, where it is its mode that is wrong.
   *
   * @return whether it was
   */
  boolean mendByName(long number, int snapshot) {
    EntryRepair names = context.seenBy(transaction, snapshot);
    Inode inode = names.inode(number);
    if (inode == null) {
      return false;
    }
    return mend(inode, versions(number), type(names, inode));
  }

  /** What type a version must have by its name; if it has none, by what it has. */
  private int type(EntryRepair names, Inode version) {
    if (version.get(InodeField.SUBVOL) != 0) {
      return Inode.TYPE_DIRECTORY;
    }
    long offset = version.get(InodeField.DIR_OFFSET);
    Bpos at = new Bpos(version.get(InodeField.DIR), offset, version.snapshot());
    try (KeyIterator found = names.keys().visible(BtreeId.DIRENTS, at, at)) {
      if (found.next() && Dirent.target(found.key()) == version.number()) {
        return Dirent.type(found.key()) << TYPE_SHIFT;
      }
    }
    if (holds(version, BtreeId.DIRENTS)) {
      return Inode.TYPE_DIRECTORY;
    }
    return holds(version, BtreeId.EXTENTS) ? Inode.TYPE_REGULAR : version.mode() & Inode.TYPE_MASK;
  }

  /**
   * Whether the inode that a snapshot sees is one that can have keys in that btree; it is given the
   * type that it must have first, if it has another.
   */
  boolean mayHave(BtreeId btree, long number, int snapshot) {
    if (mendByName(number, snapshot)) {
      return true;
    }
    Inode inode = context.seenBy(transaction, snapshot).inode(number);
    int type = inode == null ? 0 : inode.mode() & Inode.TYPE_MASK;
    return btree == BtreeId.DIRENTS ? type == Inode.TYPE_DIRECTORY : hasData(type);
  }

  private boolean mend(Inode version, List<Inode> versions, int type) {
    int own = version.mode() & Inode.TYPE_MASK;
    if (type == own || (type & ~Inode.TYPE_MASK) != 0 || !isWrong(version, versions, own, type)) {
      return false;
    }
    InodeBuilder mended = new InodeBuilder(version, version.snapshot());
    mended.mode((version.mode() & ~Inode.TYPE_MASK) | type);
    transaction.update(BtreeId.INODES, mended.toKey());
    return true;
  }

  private boolean isWrong(Inode version, List<Inode> versions, int own, int type) {
    boolean others = versions.size() > 1;
    for (Inode other : versions) {
      boolean same = other.snapshot() == version.snapshot();
      others &= same || (other.mode() & Inode.TYPE_MASK) == type;
    }
    boolean data = version.size() != 0 && own == Inode.TYPE_DIRECTORY;
    return others
        || (hasData(type) && !hasData(own) && (data || holds(version, BtreeId.EXTENTS)))
        || (type == Inode.TYPE_DIRECTORY && holds(version, BtreeId.DIRENTS));
  }

  private static boolean hasData(int type) {
    return type == Inode.TYPE_REGULAR || type == Inode.TYPE_LINK;
  }

  private boolean holds(Inode version, BtreeId btree) {
    Bpos from = new Bpos(version.number(), 0, 0);
    Bpos to = new Bpos(version.number(), -1, 0);
    try (KeyIterator keys =
        context.seenBy(transaction, version.snapshot()).keys().visible(btree, from, to)) {
      return keys.next();
    }
  }

  private List<Inode> versions(long number) {
    List<Inode> versions = new ArrayList<>();
    Bpos from = new Bpos(0, number, 0);
    try (KeyIterator keys = transaction.iterate(BtreeId.INODES, from, new Bpos(0, number, -1))) {
      while (keys.next()) {
        if (Inode.is(keys.key())) {
          versions.add(Inode.decode(keys.key().copy()));
        }
      }
    }
    return versions;
  }
}
