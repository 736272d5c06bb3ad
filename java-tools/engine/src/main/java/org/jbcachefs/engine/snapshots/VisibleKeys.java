// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.Arrays;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The keys of a btree as one snapshot sees them: at each position the key with the lowest id that
 * is the snapshot itself or an ancestor of it; nothing where that is a whiteout. Allocates nothing
 * per key; belongs to one thread.
 */
public final class VisibleKeys implements KeyIterator {
  private final KeyIterator keys;
  private final int[] lineage;
  private final boolean whiteouts;
  private long lastInode;
  private long lastOffset;
  private boolean lastDecided;

  /**
   * Keys between two positions, both included; the snapshot fields of the positions are ignored.
   */
  public VisibleKeys(
      Btrees btrees, SnapshotTable table, int btree, int snapshot, Bpos from, Bpos to) {
    this.lineage = table.lineage(snapshot);
    this.whiteouts = false;
    this.keys =
        btrees.iterate(
            btree, new Bpos(from.inode(), from.offset(), 0), new Bpos(to.inode(), to.offset(), -1));
  }

  /**
   * What a snapshot sees of keys that come from elsewhere.
   *
   * @param keys unfiltered; closed with this
   * @param lineage the snapshot and its ancestors, ascending
   * @param whiteouts whether to show these too, where they are what is visible
   */
  public VisibleKeys(KeyIterator keys, int[] lineage, boolean whiteouts) {
    this.lineage = lineage.clone();
    this.whiteouts = whiteouts;
    this.keys = keys;
  }

  /**
   * Reads the key that a snapshot sees at one position; false if it sees none. The key's bytes stay
   * valid as long as {@code out} is held.
   */
  public static boolean find(
      Btrees btrees,
      SnapshotTable table,
      int btree,
      int snapshot,
      long inode,
      long offset,
      Bkey out) {
    Bpos pos = new Bpos(inode, offset, snapshot);
    // Its own key comes before those of its ancestors.
    if (btrees.lookupFast(btree, pos, out)) {
      return !hides(out.type());
    }
    try (VisibleKeys keys = new VisibleKeys(btrees, table, btree, snapshot, pos, pos)) {
      if (!keys.next()) {
        return false;
      }
      out.set(keys.key().copy());
      return true;
    }
  }

  @Override
  public boolean next() {
    while (keys.next()) {
      Bkey key = keys.key();
      if (lastDecided && key.inode() == lastInode && key.offset() == lastOffset) {
        continue;
      }
      if (!sees(key.snapshot())) {
        continue;
      }
      lastInode = key.inode();
      lastOffset = key.offset();
      lastDecided = true;
      if (whiteouts || !hides(key.type())) {
        return true;
      }
    }
    return false;
  }

  private boolean sees(int id) {
    if (lineage.length < 8) {
      for (int seen : lineage) {
        if (seen == id) {
          return true;
        }
      }
      return false;
    }
    int low = 0;
    int high = lineage.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Integer.compareUnsigned(lineage[middle], id) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return lineage[low] == id;
  }

  private static boolean hides(int type) {
    return type == KeyType.WHITEOUT.number()
        || type == KeyType.EXTENT_WHITEOUT.number()
        || type == KeyType.DELETED.number();
  }

  @Override
  public Bkey key() {
    return keys.key();
  }

  @Override
  public void seek(Bpos pos) {
    lastDecided = false;
    keys.seek(new Bpos(pos.inode(), pos.offset(), 0));
  }

  @Override
  public void close() {
    keys.close();
  }

  @Override
  public String toString() {
    return "keys visible in " + Arrays.toString(lineage);
  }
}
