// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The names of one inode (directory entries, or xattrs) under their hashes. Names whose hashes
 * collide follow each other without a gap; whoever leaves a gap that a later one of them needs
 * leaves a whiteout there. Source: {@code bch2_hash_set}, {@code bch2_hash_delete_at}.
 */
final class HashedNames {
  private static final int WHITEOUT = KeyType.HASH_WHITEOUT.number();

  private final SnapshotKeys keys;
  private final BtreeId btree;
  private final int type;
  private final long inode;
  private final Predicate<Bkey> seen;
  private final ToLongFunction<Bkey> hash;

  /** Where a name is, or may be put. */
  record Slot(long offset, boolean found) {}

  /**
   * @param seen whether a key of that type is one of these names, and not somebody else's
   * @param hash of such a key
   */
  HashedNames(
      SnapshotKeys keys,
      BtreeId btree,
      KeyType type,
      long inode,
      Predicate<Bkey> seen,
      ToLongFunction<Bkey> hash) {
    this.keys = keys;
    this.btree = btree;
    this.type = type.number();
    this.inode = inode;
    this.seen = seen;
    this.hash = hash;
  }

  private boolean isName(Bkey key) {
    return key.type() == type && seen.test(key);
  }

  /**
   * Finds a name by its hash, or else where it belongs.
   *
   * @param same whether a key is the one that is looked for
   * @param out the key that was found
   */
  Slot find(long start, Predicate<Bkey> same, Bkey out) {
    long free = -1;
    long offset = start;
    try (KeyIterator run = visibleFrom(start)) {
      while (run.next() && run.key().offset() == offset) {
        Bkey key = run.key();
        if (isName(key)) {
          if (same.test(key)) {
            out.set(key.copy());
            return new Slot(offset, true);
          }
        } else {
          free = free < 0 ? offset : free;
          if (key.type() != WHITEOUT) {
            break;
          }
        }
        offset++;
      }
    }
    return new Slot(free < 0 ? offset : free, false);
  }

  private KeyIterator visibleFrom(long offset) {
    return keys.visible(btree, new Bpos(inode, offset, 0), new Bpos(inode, Long.MAX_VALUE, 0));
  }

  /** Puts a name's value there. */
  void put(long offset, Bkey key) {
    key.setPos(inode, offset, keys.snapshot());
    keys.put(btree, key);
  }

  /** Takes the name at that offset away. */
  void remove(long offset) {
    removeAt(new Bpos(inode, offset, keys.snapshot()));
  }

  /** The same in a certain snapshot. */
  void removeAt(Bpos pos) {
    if (isNeeded(pos.offset())) {
      keys.transaction().update(btree, new Bkey().setPos(pos).setType(WHITEOUT));
    } else {
      keys.deleteAt(btree, pos);
    }
  }

  /** Whether a later name of the run could not be found past a hole there. */
  private boolean isNeeded(long hole) {
    if (hole < 0 || hole == Long.MAX_VALUE) {
      // No name is looked for there.
      return false;
    }
    long offset = hole + 1;
    try (KeyIterator run = visibleFrom(offset)) {
      while (run.next() && run.key().offset() == offset) {
        Bkey key = run.key();
        if (key.type() != type && key.type() != WHITEOUT) {
          return false;
        }
        if (key.type() == type && hash.applyAsLong(key) <= hole) {
          return true;
        }
        offset++;
      }
    }
    return false;
  }
}
