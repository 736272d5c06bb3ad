// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots.write;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The keys of a transaction as one snapshot sees and changes them. What is changed gets the
 * snapshot's own id; where an ancestor has a key that would show through a deletion, a whiteout
 * hides it. Extents need more: they overlap. Belongs to the transaction's thread.
 */
public final class SnapshotKeys {
  private final Transaction transaction;
  private final SnapshotTable table;
  private final int snapshot;
  private final int[] lineage;

  /** Of that snapshot, which must be a leaf of its tree if anything is changed. */
  public SnapshotKeys(Transaction transaction, SnapshotTable table, int snapshot) {
    this.transaction = transaction;
    this.table = table;
    this.snapshot = snapshot;
    this.lineage = table.lineage(snapshot);
  }

  public Transaction transaction() {
    return transaction;
  }

  public SnapshotTable table() {
    return table;
  }

  public int snapshot() {
    return snapshot;
  }

  /** Whether the snapshot has ancestors whose keys it may see. */
  public boolean hasAncestors() {
    return lineage.length > 1;
  }

  /** Reads the key that is visible at a position; false if none is. */
  public boolean find(BtreeId btree, long inode, long offset, Bkey out) {
    if (!hasAncestors()) {
      return transaction.lookup(btree, new Bpos(inode, offset, snapshot), out)
          && !isWhiteout(out.type());
    }
    Bpos pos = new Bpos(inode, offset, 0);
    try (KeyIterator keys = visible(btree, pos, pos)) {
      if (!keys.next()) {
        return false;
      }
      out.set(keys.key().copy());
      return true;
    }
  }

  /** Visible keys between two positions, both included; their snapshot fields do not matter. */
  public KeyIterator visible(BtreeId btree, Bpos from, Bpos to) {
    return visible(btree, from, to, false);
  }

  /** The same, and whiteouts where these are what is visible. */
  public KeyIterator visibleWithWhiteouts(BtreeId btree, Bpos from, Bpos to) {
    return visible(btree, from, to, true);
  }

  private KeyIterator visible(BtreeId btree, Bpos from, Bpos to, boolean whiteouts) {
    Bpos first = new Bpos(from.inode(), from.offset(), 0);
    Bpos last = new Bpos(to.inode(), to.offset(), -1);
    return new VisibleKeys(transaction.iterate(btree, first, last), lineage, whiteouts);
  }

  /** Puts a key at its inode and offset, in this snapshot. */
  public void put(BtreeId btree, Bkey key) {
    key.setPos(key.inode(), key.offset(), snapshot);
    transaction.update(btree, key);
  }

  /** Deletes what is visible at a position. */
  public void delete(BtreeId btree, long inode, long offset) {
    deleteAt(btree, new Bpos(inode, offset, snapshot));
  }

  /** Deletes the key of some snapshot, leaving a whiteout if an ancestor's would show. */
  public void deleteAt(BtreeId btree, Bpos pos) {
    if (showsAncestor(btree, pos)) {
      transaction.update(btree, new Bkey().setPos(pos).setType(KeyType.WHITEOUT.number()));
    } else {
      transaction.delete(btree, pos);
    }
  }

  /** Whether a key of an ancestor would be visible at that position, were there none in its own. */
  public boolean showsAncestor(BtreeId btree, Bpos pos) {
    if (table.parent(pos.snapshot()) == 0 || pos.snapshot() == -1) {
      return false;
    }
    Bpos end = new Bpos(pos.inode(), pos.offset(), -1);
    try (KeyIterator keys = transaction.iterate(btree, pos.successor(), end)) {
      while (keys.next()) {
        if (table.isAncestor(pos.snapshot(), keys.key().snapshot())) {
          return !isWhiteout(keys.key().type());
        }
      }
    }
    return false;
  }

  /** Whether keys of that type say that there is nothing. */
  public static boolean isWhiteout(int type) {
    return type == KeyType.WHITEOUT.number()
        || type == KeyType.EXTENT_WHITEOUT.number()
        || type == KeyType.DELETED.number();
  }
}
