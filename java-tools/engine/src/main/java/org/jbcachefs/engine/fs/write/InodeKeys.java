// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.InodeWatch;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;

/**
 * Inodes in a transaction, with what follows from them: the list of deleted inodes, and the flag
 * that says whether a version of an inode has others below it. Source: {@code bch2_trigger_inode}.
 */
public final class InodeKeys {
  private InodeKeys() {}

  /** The inode of that number, or null if there is none. */
  public static Inode find(SnapshotKeys keys, long number) {
    Bkey key = new Bkey();
    return keys.find(BtreeId.INODES, 0, number, key) && Inode.is(key)
        ? keys.transaction().inode(key)
        : null;
  }

  /** Puts an inode in the place of what is visible under its number. */
  public static void put(SnapshotKeys keys, Inode inode) {
    int snapshot = keys.snapshot();
    Transaction transaction = keys.transaction();
    boolean first = version(transaction, pos(inode.number(), snapshot)) == null;
    InodeBuilder here = new InodeBuilder(inode, snapshot);
    if (first) {
      // Nothing is below a snapshot that is written to.
      here.flags(inode.flags() & ~Inode.FLAG_HAS_CHILD_SNAPSHOT);
    }
    replace(keys, pos(inode.number(), snapshot), here.build());
  }

  /** Deletes the inode of that number. */
  public static void delete(SnapshotKeys keys, long number) {
    replace(keys, pos(number, keys.snapshot()), null);
  }

  /** Deletes one version of an inode. */
  static void delete(SnapshotKeys keys, Bpos version) {
    replace(keys, version, null);
  }

  /** Deletes one version without a trace; nobody sees what is above it through it. */
  static void erase(SnapshotKeys keys, Bpos version) {
    replace(keys, version, null, true);
  }

  /** Puts a version where there was none; versions below may be there. */
  static void putMoved(SnapshotKeys keys, Bpos version, Inode inode) {
    int flags = inode.flags() & ~Inode.FLAG_HAS_CHILD_SNAPSHOT;
    flags |= hasVersionBelow(keys, version) ? Inode.FLAG_HAS_CHILD_SNAPSHOT : 0;
    InodeBuilder moved = new InodeBuilder(inode, version.snapshot());
    replace(keys, version, moved.flags(flags).build(), false);
  }

  private static Bpos pos(long number, int snapshot) {
    return new Bpos(0, number, snapshot);
  }

  static Inode version(Transaction transaction, Bpos pos) {
    Bkey key = new Bkey();
    return transaction.lookup(BtreeId.INODES, pos, key) && Inode.is(key)
        ? transaction.inode(key)
        : null;
  }

  private static void replace(SnapshotKeys keys, Bpos pos, Inode now) {
    replace(keys, pos, now, false);
  }

  private static void replace(SnapshotKeys keys, Bpos pos, Inode now, boolean erase) {
    Transaction transaction = keys.transaction();
    Inode before = version(transaction, pos);
    if (now == null && erase) {
      transaction.delete(BtreeId.INODES, pos);
    } else if (now == null) {
      keys.deleteAt(BtreeId.INODES, pos);
    } else {
      transaction.update(BtreeId.INODES, new InodeBuilder(now, pos.snapshot()).toKey());
    }
    if (now == null && transaction.lookup(BtreeId.DAMAGE, pos, new Bkey())) {
      transaction.delete(BtreeId.DAMAGE, pos);
    }
    tellWatch(keys, pos, before, now);
    boolean was = isOnDeletedList(before);
    if (was != isOnDeletedList(now)) {
      if (was) {
        transaction.delete(BtreeId.DELETED_INODES, pos);
      } else {
        transaction.set(BtreeId.DELETED_INODES, pos);
      }
    }
    if ((before == null) != (now == null) && keys.table().parent(pos.snapshot()) != 0) {
      noteChild(keys, pos);
    }
  }

  /** What a subvolume sees of a file changes, where somebody keeps account of that. */
  private static void tellWatch(SnapshotKeys keys, Bpos pos, Inode before, Inode now) {
    InodeWatch watch = keys.transaction().inodeWatch();
    if (watch != null && watch.concerns(pos.snapshot())) {
      Inode seen = before == null ? versionAbove(keys, pos) : before;
      keys.transaction().inodeChanged(new InodeWatch.Change(seen, now));
    }
  }

  /** Whether an inode waits for the last who holds it. */
  private static boolean isOnDeletedList(Inode inode) {
    return inode != null
        && inode.has(Inode.FLAG_UNLINKED)
        && !inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
  }

  /** A version came or went: the next one above may have got its first, or lost its last. */
  private static void noteChild(SnapshotKeys keys, Bpos pos) {
    Inode above = versionAbove(keys, pos);
    if (above == null) {
      return;
    }
    Bpos place = pos(above.number(), above.snapshot());
    boolean has = hasVersionBelow(keys, place);
    if (has != above.has(Inode.FLAG_HAS_CHILD_SNAPSHOT)) {
      int flags = above.flags() ^ Inode.FLAG_HAS_CHILD_SNAPSHOT;
      replace(keys, place, new InodeBuilder(above).flags(flags).build());
    }
  }

  /** The version in the nearest ancestor that has one, or null. */
  static Inode versionAbove(SnapshotKeys keys, Bpos pos) {
    if (pos.snapshot() == -1) {
      return null;
    }
    Bpos end = pos(pos.offset(), -1);
    try (KeyIterator versions = keys.transaction().iterate(BtreeId.INODES, pos.successor(), end)) {
      while (versions.next()) {
        Bkey key = versions.key();
        if (Inode.is(key) && keys.table().isAncestor(pos.snapshot(), key.snapshot())) {
          return Inode.decode(key);
        }
      }
    }
    return null;
  }

  private static boolean hasVersionBelow(SnapshotKeys keys, Bpos pos) {
    Bpos start = pos(pos.offset(), 0);
    try (KeyIterator versions =
        keys.transaction().iterate(BtreeId.INODES, start, pos.predecessor())) {
      while (versions.next()) {
        Bkey key = versions.key();
        if (Inode.is(key) && keys.table().isAncestor(key.snapshot(), pos.snapshot())) {
          return true;
        }
      }
    }
    return false;
  }
}
