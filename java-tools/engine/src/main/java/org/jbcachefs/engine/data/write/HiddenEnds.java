// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * Where an extent of an inner snapshot is cut in two, snapshots below that do not see its end must
 * not see the new one either.
 */
public final class HiddenEnds {
  private static final BtreeId EXTENTS = BtreeId.EXTENTS;

  private HiddenEnds() {}

  /**
   * Leaves whiteouts where they are needed.
   *
   * @param old the extent's end
   * @param piece the end of a part of it
   */
  public static void hide(Transaction transaction, SnapshotTable table, Bpos old, Bpos piece) {
    if (old.equals(piece)) {
      return;
    }
    List<Integer> below = new ArrayList<>();
    Bpos from = new Bpos(old.inode(), old.offset(), 0);
    try (KeyIterator all = transaction.iterate(EXTENTS, from, old.predecessor())) {
      while (all.next()) {
        if (table.isAncestor(all.key().snapshot(), old.snapshot())) {
          below.add(all.key().snapshot());
        }
      }
    }
    for (int snapshot : below) {
      boolean highest =
          below.stream().noneMatch(other -> other != snapshot && table.isAncestor(snapshot, other));
      Bpos place = new Bpos(piece.inode(), piece.offset(), snapshot);
      if (highest && !transaction.lookup(EXTENTS, place, new Bkey())) {
        transaction.update(EXTENTS, new Bkey().setPos(place).setType(KeyType.WHITEOUT.number()));
      }
    }
  }
}
