// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/**
 * All btrees of a filesystem as ordered sets of keys, the journal's overlay applied, nothing
 * filtered by snapshot. Thread-safe; each {@link KeyIterator} belongs to one thread.
 *
 * <p>Btrees are given by number, so that unknown ones can be read too. A damaged node throws {@link
 * org.jbcachefs.format.error.CorruptionException}, or is skipped and reported where the
 * implementation was opened for rescue.
 */
public interface Btrees {
  /** Btree numbers that have a root or journalled keys, ascending. */
  List<Integer> present();

  /** Level of the root, or -1 if there is none. */
  int rootLevel(int btree);

  /** Leaf keys from {@code from} to {@code to}, both included, in order of position. */
  default KeyIterator iterate(int btree, Bpos from, Bpos to) {
    return iterate(btree, 0, from, to);
  }

  /** Keys of one level; above 0 they are pointers to nodes. */
  KeyIterator iterate(int btree, int level, Bpos from, Bpos to);

  /**
   * Reads the leaf key at exactly that position; false if there is none. The key's bytes stay valid
   * as long as {@code out} is held.
   */
  boolean lookup(int btree, Bpos pos, Bkey out);

  /** The same where it is cheaper than an iterator; false may mean no more than that it is not. */
  default boolean lookupFast(int btree, Bpos pos, Bkey out) {
    return false;
  }

  /**
   * Whether leaf keys of that range, both ends included, may be lost: known of ranges that were
   * iterated over, where the implementation skips what it cannot read.
   */
  default boolean mayLack(int btree, Bpos from, Bpos to) {
    return false;
  }

  /**
   * Cuts the btree into at most {@code pieces} ranges of about equal numbers of leaves: their first
   * positions, ascending, from MIN.
   */
  default List<Bpos> partition(int btree, int pieces) {
    if (pieces <= 1 || rootLevel(btree) < 1) {
      return List.of(Bpos.MIN);
    }
    List<Bpos> ends = new ArrayList<>();
    try (KeyIterator leaves = iterate(btree, 1, Bpos.MIN, Bpos.MAX)) {
      while (leaves.next()) {
        ends.add(leaves.key().pos());
      }
    }
    List<Bpos> starts = new ArrayList<>();
    starts.add(Bpos.MIN);
    for (int piece = 1; piece < pieces; piece++) {
      int leaf = (int) ((long) ends.size() * piece / pieces);
      if (leaf > 0 && !ends.get(leaf - 1).equals(Bpos.MAX)) {
        Bpos start = ends.get(leaf - 1).successor();
        if (start.compareTo(starts.getLast()) > 0) {
          starts.add(start);
        }
      }
    }
    return starts;
  }
}
