// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.ContentCursor;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/** Leaf keys with a transaction's own on top; remembers what it stepped over. */
final class TransactionKeys implements KeyIterator {
  private final LiveBtrees btrees;
  private final ReadSet reads;
  private final int btree;
  private final Bpos to;
  private final List<LiveKey> own;
  private final Bkey current = new Bkey();
  private final Bkey ownKey = new Bkey();
  private ContentCursor cursor;
  private ReadSet.Piece piece;
  private Bpos nodeMax;
  private Bpos from;
  private int ownIndex;
  private boolean baseReady;
  private boolean baseDone;

  TransactionKeys(
      LiveBtrees btrees, ReadSet reads, int btree, Bpos from, Bpos to, List<LiveKey> own) {
    this.btrees = btrees;
    this.reads = reads;
    this.btree = btree;
    this.from = from;
    this.to = to;
    this.own = own;
    this.baseDone = from.compareTo(to) > 0;
  }

  @Override
  public Bkey key() {
    return current;
  }

  @Override
  public boolean next() {
    while (true) {
      if (!baseReady) {
        baseReady = nextBase();
      }
      if (ownIndex == own.size()) {
        return baseReady && takeBase();
      }
      own.get(ownIndex).read(ownKey);
      int order =
          baseReady
              ? cursor.key().comparePos(ownKey.inode(), ownKey.offset(), ownKey.snapshot())
              : 1;
      if (order < 0) {
        return takeBase();
      }
      baseReady &= order != 0;
      if (!own.get(ownIndex++).isDeleted()) {
        current.set(ownKey);
        return true;
      }
    }
  }

  private boolean takeBase() {
    current.set(cursor.key());
    baseReady = false;
    return true;
  }

  private boolean nextBase() {
    while (!baseDone) {
      if (nodeMax == null) {
        openNode();
      }
      if (cursor.next()) {
        Bkey key = cursor.key();
        baseDone = key.comparePos(to) > 0;
        piece.extend(baseDone ? to : key.pos());
        return !baseDone;
      }
      boolean last = nodeMax.compareTo(to) >= 0;
      piece.extend(last ? to : nodeMax);
      baseDone = last;
      from = last ? from : nodeMax.successor();
      nodeMax = null;
    }
    return false;
  }

  private void openNode() {
    LiveNode node = btrees.find(btree, 0, from);
    nodeMax = node.max();
    NodeContent content = node.content();
    piece = reads.add(btree, 0, from, from, content);
    if (cursor == null) {
      cursor = new ContentCursor(content, from);
    } else {
      cursor.reset(content, from);
    }
  }

  @Override
  public void seek(Bpos pos) {
    from = pos;
    nodeMax = null;
    baseReady = false;
    baseDone = pos.compareTo(to) > 0;
    ownIndex = 0;
    while (ownIndex < own.size() && own.get(ownIndex).pos().compareTo(pos) < 0) {
      ownIndex++;
    }
  }

  @Override
  public void close() {
    baseDone = true;
    baseReady = false;
    ownIndex = own.size();
  }
}
