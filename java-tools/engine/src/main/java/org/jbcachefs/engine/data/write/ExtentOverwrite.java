// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * Puts an extent, or a hole, in the place of what a range of a file held: what it overlaps is cut,
 * so that no two extents that a snapshot sees overlap. An ancestor's extent is split, its hidden
 * part included, and keeps its id. Source: {@code bch2_trans_update_extent}.
 */
public final class ExtentOverwrite {
  private static final BtreeId EXTENTS = BtreeId.EXTENTS;

  private final SnapshotKeys keys;
  private final Transaction transaction;
  private final ExtentCut cut;

  /**
   * What was done.
   *
   * @param end the sector up to which it was
   * @param sectors how many sectors more the file's extents take up in this snapshot
   * @param overlapped how many extents were there
   */
  public record Done(long end, long sectors, int overlapped) {}

  public ExtentOverwrite(SnapshotKeys keys, ExtentCut cut) {
    this.keys = keys;
    this.transaction = keys.transaction();
    this.cut = cut;
  }

  /**
   * Replaces what is between two sectors of a file.
   *
   * @param insert the extent that comes there and covers it all; null for a hole
   * @param most extents that may be touched; with more of them it stops at the end of one
   */
  public Done replace(long inode, long start, long end, Bkey insert, int most) {
    List<Bkey> old = overlapped(inode, start, end, most);
    long stop = old.size() < most ? end : Math.min(end, old.getLast().offset());
    long sectors = 0;
    List<Bkey> gone = new ArrayList<>();
    if (insert != null && keys.hasAncestors()) {
      plainWhiteouts(inode, start, stop);
    }
    for (Bkey key : old) {
      if (ExtentCut.isAllocation(key.type())) {
        sectors -= Math.min(stop, key.offset()) - Math.max(start, key.start());
      }
      cutOut(key, start, stop, insert == null, gone);
    }
    if (insert != null) {
      Bkey now = cut.back(cut.front(insert, start), stop);
      now.setPos(inode, stop, keys.snapshot());
      put(now);
      sectors += ExtentCut.isAllocation(now.type()) ? stop - start : 0;
    }
    for (Bkey key : gone) {
      if (key.type() == KeyType.REFLINK_P.number()) {
        ReflinkReferences.remove(transaction, key);
      }
    }
    return new Done(stop, sectors, old.size());
  }

  /** Copies of visible extents that have a part in a range. */
  private List<Bkey> overlapped(long inode, long start, long end, int most) {
    List<Bkey> found = new ArrayList<>();
    Bpos from = new Bpos(inode, start + 1, 0);
    try (KeyIterator all = keys.visible(EXTENTS, from, new Bpos(inode, Long.MAX_VALUE, 0))) {
      while (found.size() < most && all.next() && all.key().start() < end) {
        found.add(all.key().copy());
      }
    }
    return found;
  }

  /**
   * Whiteouts that say that nothing is there, and not only that nothing ends there, become plain.
   */
  private void plainWhiteouts(long inode, long start, long end) {
    List<Bpos> found = new ArrayList<>();
    Bpos from = new Bpos(inode, start + 1, 0);
    try (KeyIterator all = keys.visibleWithWhiteouts(EXTENTS, from, new Bpos(inode, end, 0))) {
      while (all.next()) {
        if (all.key().type() == KeyType.EXTENT_WHITEOUT.number()) {
          found.add(all.key().pos());
        }
      }
    }
    found.forEach(pos -> whiteout(new Bpos(inode, pos.offset(), keys.snapshot())));
  }

  private void whiteout(Bpos pos) {
    transaction.update(EXTENTS, new Bkey().setPos(pos).setType(KeyType.WHITEOUT.number()));
  }

  private void cutOut(Bkey key, long start, long end, boolean hole, List<Bkey> gone) {
    boolean front = key.start() < start;
    boolean back = key.offset() > end;
    boolean own = key.snapshot() == keys.snapshot();
    if (own || front || back) {
      gone.add(key);
    }
    if (front) {
      Bkey piece = cut.back(key, start);
      hideWhereHidden(key.pos(), piece.pos());
      put(piece);
    }
    if (!own && (front || back)) {
      Bkey hidden = cut.back(cut.front(key, start), end);
      hideWhereHidden(key.pos(), hidden.pos());
      put(hidden);
      if (back && hole) {
        whiteout(new Bpos(key.inode(), end, keys.snapshot()));
      }
    }
    if (back) {
      put(cut.front(key, end));
    } else if (own) {
      keys.deleteAt(EXTENTS, key.pos());
    } else {
      whiteout(new Bpos(key.inode(), key.offset(), keys.snapshot()));
    }
  }

  private void put(Bkey key) {
    if (key.type() == KeyType.REFLINK_P.number()) {
      ReflinkReferences.add(transaction, key);
    }
    transaction.update(EXTENTS, key);
  }

  /** Snapshots below that do not see an old end must not see a new one either. */
  private void hideWhereHidden(Bpos old, Bpos piece) {
    if (old.equals(piece) || old.snapshot() == keys.snapshot()) {
      return;
    }
    HiddenEnds.hide(transaction, keys.table(), old, piece);
  }
}
