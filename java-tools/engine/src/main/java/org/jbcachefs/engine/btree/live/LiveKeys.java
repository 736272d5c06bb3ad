// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/**
 * The keys of one level in a range, node by node: each as it is when the iterator comes to it, and
 * then unchanged until it goes on to the next. Holds no lock.
 */
final class LiveKeys implements KeyIterator {
  private final LiveBtrees btrees;
  private final int btree;
  private final int level;
  private final Bpos to;
  private ContentCursor cursor;
  private Bpos from;
  private Bpos nodeMax;
  private boolean done;

  LiveKeys(LiveBtrees btrees, int btree, int level, Bpos from, Bpos to) {
    this.btrees = btrees;
    this.btree = btree;
    this.level = level;
    this.from = from;
    this.to = to;
    this.done = from.compareTo(to) > 0;
  }

  @Override
  public Bkey key() {
    return cursor.key();
  }

  @Override
  public boolean next() {
    while (!done) {
      if (nodeMax == null && !openNode()) {
        break;
      }
      if (cursor.next()) {
        done = cursor.key().comparePos(to) > 0;
        return !done;
      }
      closeNode();
    }
    done = true;
    return false;
  }

  private boolean openNode() {
    LiveNode node = btrees.find(btree, level, from);
    if (node == null) {
      return false;
    }
    nodeMax = node.max();
    if (cursor == null) {
      cursor = new ContentCursor(node.content(), from);
    } else {
      cursor.reset(node.content(), from);
    }
    return true;
  }

  private void closeNode() {
    if (nodeMax.compareTo(to) >= 0) {
      done = true;
    } else {
      from = nodeMax.successor();
    }
    nodeMax = null;
  }

  @Override
  public void seek(Bpos pos) {
    from = pos;
    nodeMax = null;
    done = pos.compareTo(to) > 0;
  }

  @Override
  public void close() {
    done = true;
    nodeMax = null;
  }
}
