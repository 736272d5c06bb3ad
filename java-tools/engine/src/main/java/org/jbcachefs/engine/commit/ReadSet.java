// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.live.ContentCursor;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/**
 * What a transaction read: pieces of nodes, each with the content that was there. A piece is
 * unchanged if its node has the same content still, or if the keys in it are the same bytes.
 */
final class ReadSet {
  private static final int RECENT = 8;

  private final List<Piece> pieces = new ArrayList<>();

  /** A range inside of one node; {@code to} grows while an iterator goes through it. */
  static final class Piece {
    private final int btree;
    private final int level;
    private final Bpos from;
    private final NodeContent content;
    private Bpos to;

    private Piece(int btree, int level, Bpos from, Bpos to, NodeContent content) {
      this.btree = btree;
      this.level = level;
      this.from = from;
      this.to = to;
      this.content = content;
    }

    void extend(Bpos upTo) {
      to = upTo;
    }
  }

  /**
   * The content in which that one position was looked up not long ago; null if it was not. Who
   * looks again sees the same.
   */
  NodeContent lookedUp(int btree, int level, Bpos pos) {
    for (int i = pieces.size() - 1; i >= Math.max(0, pieces.size() - RECENT); i--) {
      Piece piece = pieces.get(i);
      if (piece.btree == btree
          && piece.level == level
          && piece.from.equals(pos)
          && piece.to.equals(pos)) {
        return piece.content;
      }
    }
    return null;
  }

  Piece add(int btree, int level, Bpos from, Bpos to, NodeContent content) {
    Piece piece = new Piece(btree, level, from, to, content);
    pieces.add(piece);
    return piece;
  }

  void clear() {
    pieces.clear();
  }

  /** Whether all of it is still so; with the commit lock held. */
  boolean isUnchanged(LiveBtrees btrees) {
    for (Piece piece : pieces) {
      LiveNode node = btrees.findInMemory(piece.btree, piece.level, piece.from);
      NodeContent now = node == null ? null : node.content();
      if (now != piece.content && !isSame(btrees, piece)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSame(LiveBtrees btrees, Piece piece) {
    ContentCursor then = new ContentCursor(piece.content, piece.from);
    Bpos from = piece.from;
    boolean thenReady = advance(then, piece.to);
    while (from != null) {
      LiveNode node = btrees.findInMemory(piece.btree, piece.level, from);
      if (node == null) {
        return false;
      }
      ContentCursor now = new ContentCursor(node.content(), from);
      Bpos end = node.max().compareTo(piece.to) < 0 ? node.max() : piece.to;
      while (advance(now, end)) {
        if (!thenReady || !isSame(then.key(), now.key())) {
          return false;
        }
        thenReady = advance(then, piece.to);
      }
      from = node.max().compareTo(piece.to) < 0 ? node.max().successor() : null;
    }
    return !thenReady;
  }

  private static boolean advance(ContentCursor cursor, Bpos to) {
    return cursor.next() && cursor.key().comparePos(to) <= 0;
  }

  private static boolean isSame(Bkey left, Bkey right) {
    return left.comparePos(right.inode(), right.offset(), right.snapshot()) == 0
        && left.type() == right.type()
        && left.size() == right.size()
        && left.versionHi() == right.versionHi()
        && left.versionLo() == right.versionLo()
        && left.value().mismatch(right.value()) < 0;
  }
}
