// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.engine.alloc.write.ReconcileLists;
import org.jbcachefs.engine.alloc.write.ReconcileOptions;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * One transaction on files and directories. What it read of subvolumes is checked at the commit
 * too: if a snapshot is made meanwhile, all is done again with the new ids.
 */
public final class TreeTransaction {
  private final WritableFilesystem filesystem;
  private final Transaction transaction;
  private SnapshotTable table;
  private final boolean casefold;
  private final long now;
  private final Map<Integer, SnapshotKeys> open = new HashMap<>(2);

  TreeTransaction(WritableFilesystem filesystem, Transaction transaction) {
    this.filesystem = filesystem;
    this.transaction = transaction;
    this.table = filesystem.snapshots();
    this.casefold = filesystem.defaults().casefold();
    this.now = now(filesystem);
  }

  /** The time, as inodes store it. */
  static long now(WritableFilesystem filesystem) {
    var instant = filesystem.clocks().wall().instant();
    long nanos = instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    return filesystem.defaults().time(nanos);
  }

  /** The time of this transaction, as inodes store it. */
  public long now() {
    return now;
  }

  public Transaction transaction() {
    return transaction;
  }

  WritableFilesystem filesystem() {
    return filesystem;
  }

  /**
   * The keys of a subvolume, to be changed.
   *
   * @throws PosixException EROFS if it is a read-only one, ESTALE if it is gone
   */
  public SnapshotKeys writing(int subvolume) {
    SnapshotKeys keys = open.get(subvolume);
    if (keys == null) {
      Subvolume found = subvolume(subvolume);
      if (found.readOnly()) {
        throw new PosixException(PosixError.EROFS, "subvolume " + subvolume + " is read-only");
      }
      keys = new SnapshotKeys(transaction, table, found.snapshot());
      open.put(subvolume, keys);
    }
    return keys;
  }

  /** Snapshots as they will be when this transaction has committed. */
  SnapshotTable table() {
    return table;
  }

  /** The snapshots, and which of them subvolumes show, have changed in this transaction. */
  void useTable(SnapshotTable changed) {
    table = changed;
    open.clear();
  }

  /**
   * The keys of a subvolume, which may be read-only: to be read, or changed by what concerns the
   * subvolume itself.
   */
  SnapshotKeys keys(int subvolume) {
    SnapshotKeys keys = open.get(subvolume);
    return keys != null
        ? keys
        : new SnapshotKeys(transaction, table, subvolume(subvolume).snapshot());
  }

  Subvolume subvolume(int id) {
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
    boolean there =
        transaction.lookup(BtreeId.SUBVOLUMES, pos, key)
            && key.type() == KeyType.SUBVOLUME.number();
    Subvolume found = there ? Subvolume.decode(key) : null;
    if (found == null || found.unlinked()) {
      throw new PosixException(PosixError.ESTALE, "there is no subvolume " + id);
    }
    return found;
  }

  /** A file's inode; ESTALE if it is gone. */
  public Inode inode(InodeId id) {
    Inode inode = InodeKeys.find(keys(id.subvolume()), id.number());
    if (inode == null) {
      throw new PosixException(PosixError.ESTALE, "inode " + id.number() + " is gone");
    }
    return inode;
  }

  /** The inode of a directory in which names are to change. */
  Inode directory(InodeId id) {
    Inode inode = inode(id);
    if (!inode.isDirectory()) {
      throw new PosixException(PosixError.ENOTDIR, "not a directory");
    }
    if (inode.has(Inode.FLAG_UNLINKED)) {
      throw new PosixException(PosixError.ENOENT, "the directory is removed");
    }
    if (inode.has(Inode.FLAG_IMMUTABLE)) {
      throw new PosixException(PosixError.EPERM, "the directory is immutable");
    }
    return inode;
  }

  /** Puts a changed or new inode. */
  public void put(InodeId id, InodeBuilder inode) {
    InodeKeys.put(writing(id.subvolume()), inode.build());
  }

  /**
   * Where an inode's options change, its extents are to be looked at. Source: {@code
   * bch2_write_inode}.
   */
  void askForScan(Inode before, Inode after) {
    EffectiveOptions options = filesystem.options();
    boolean same = ReconcileOptions.of(before, options).equals(ReconcileOptions.of(after, options));
    if (same || filesystem.superblock().version() < MetadataVersion.RECONCILE.number()) {
      return;
    }
    Bpos pos = ReconcileLists.scanOf(after.number());
    Bkey key = new Bkey();
    boolean there = transaction.lookup(BtreeId.RECONCILE_SCAN, pos, key);
    transaction.update(BtreeId.RECONCILE_SCAN, ReconcileLists.scan(pos, there ? key : null));
  }

  EntryKeys entries(InodeId id, Inode directory) {
    return new EntryKeys(writing(id.subvolume()), id, directory, folds(directory));
  }

  XattrKeys xattrs(InodeId id, Inode inode) {
    return new XattrKeys(writing(id.subvolume()), inode);
  }

  /** Since 1.39 an inode says which ACLs it has; to be called once these are as they will be. */
  void noteAcls(XattrKeys xattrs, InodeBuilder inode) {
    if (filesystem.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU)) {
      int others = Inode.FLAG_HAS_ACCESS_ACL | Inode.FLAG_HAS_DEFAULT_ACL;
      inode.flags((inode.flags() & ~others) | xattrs.aclFlags());
    }
  }

  boolean folds(Inode directory) {
    long own = directory.stored(InodeOption.CASEFOLD);
    return own == 0 ? casefold : own - 1 != 0;
  }

  /** What an entry leads to. */
  InodeId target(InodeId directory, EntryKeys.Found entry) {
    if (!entry.isSubvolume()) {
      return new InodeId(directory.subvolume(), entry.dirent().target());
    }
    int child = entry.dirent().childSubvolume();
    return new InodeId(child, subvolume(child).inode());
  }

  /** The directory that a directory is in, a subvolume's root in another subvolume; or null. */
  static InodeId parent(InodeId id, Inode inode) {
    long parent = inode.get(InodeField.DIR);
    if (parent == 0) {
      return null;
    }
    int outer = (int) inode.get(InodeField.PARENT_SUBVOL);
    boolean root = inode.get(InodeField.SUBVOL) != 0;
    return new InodeId(root && outer != 0 ? outer : id.subvolume(), parent);
  }

  /** All directories above one that folds names, or has such below it, say so. */
  void tellFolding(InodeId id) {
    InodeId at = id;
    while (at != null) {
      Inode inode = inode(at);
      boolean known = inode.has(Inode.FLAG_HAS_CASE_INSENSITIVE);
      if (!known) {
        int flags = inode.flags() | Inode.FLAG_HAS_CASE_INSENSITIVE;
        InodeKeys.put(keys(at.subvolume()), new InodeBuilder(inode).flags(flags).build());
      }
      at = known ? null : parent(at, inode);
    }
  }

  /** Whether a directory counts among its parent's links. */
  static boolean isCounted(Inode inode) {
    return inode.isDirectory() && inode.get(InodeField.SUBVOL) == 0;
  }

  /** A directory after a change of its names. */
  InodeBuilder touched(Inode directory, long moreLinks) {
    return new InodeBuilder(directory)
        .set(InodeField.MTIME, now)
        .set(InodeField.CTIME, now)
        .set(InodeField.NLINK, directory.get(InodeField.NLINK) + moreLinks);
  }

  /** One name less: the last one makes it unlinked. */
  static InodeBuilder withoutLink(Inode inode) {
    InodeBuilder changed = new InodeBuilder(inode);
    long links = inode.get(InodeField.NLINK);
    return links > 0
        ? changed.set(InodeField.NLINK, links - 1)
        : changed.flags(inode.flags() | Inode.FLAG_UNLINKED);
  }
}
