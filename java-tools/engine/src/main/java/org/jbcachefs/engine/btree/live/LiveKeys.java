// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * The keys of one level in a range, node by node: each as it is when the iterator comes to it, and
 * then unchanged until it goes on to the next. Holds no lock.
 *
 * <p>Where a node ends among the keys that snapshots have at one position, a commit may move the
 * position's key from the next node into this one, once this one was gone through: then it would be
 * in neither. So once the next one is at hand it is seen to whether this one changed; if it did,
 * its keys there are gone through again, and those that were not there before are shown after
 * others of the position. Commits put keys in before they delete those behind.
 */
final class LiveKeys implements KeyIterator {
  private final LiveBtrees btrees;
  private final int btree;
  private final int level;
  private final Bpos to;
  private final boolean versions;
  private final Bkey scratch = new Bkey();
  private ContentCursor cursor;
  private Bpos first;
  private Bpos from;
  private LiveNode node;
  private NodeContent content;
  private boolean done;

  /** The node before, if it ended among the keys of one position, and what it held. */
  private LiveNode before;

  private NodeContent heldBefore;

  /** What was gone through already up to {@link #shownTo}, if anything is gone through again. */
  private final List<NodeContent> shown = new ArrayList<>(0);

  private Bpos shownTo;

  LiveKeys(LiveBtrees btrees, int btree, int level, Bpos from, Bpos to) {
    this.btrees = btrees;
    this.btree = btree;
    this.level = level;
    BtreeId known = BtreeId.of(btree);
    this.versions = level == 0 && known != null && known.hasSnapshots();
    this.first = from;
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
      if (node == null && !openNode()) {
        break;
      }
      if (!cursor.next()) {
        closeNode();
      } else if (shown.isEmpty() || !wasShown()) {
        done = cursor.key().comparePos(to) > 0;
        return !done;
      }
    }
    done = true;
    return false;
  }

  private boolean wasShown() {
    Bkey key = cursor.key();
    if (key.comparePos(shownTo) > 0) {
      shown.clear();
      return false;
    }
    for (NodeContent each : shown) {
      if (each.lookup(key.inode(), key.offset(), key.snapshot(), scratch)) {
        return true;
      }
    }
    return false;
  }

  private boolean openNode() {
    while (true) {
      node = btrees.find(btree, level, from);
      if (node == null) {
        return false;
      }
      content = node.content();
      if (before == null || !hasChanged()) {
        before = null;
        break;
      }
      goBack();
    }
    if (cursor == null) {
      cursor = new ContentCursor(content, from);
    } else {
      cursor.reset(content, from);
    }
    return true;
  }

  /** Whether the node before is not what it was, or none any more. */
  private boolean hasChanged() {
    LiveNode now = btrees.find(btree, level, before.max());
    return now != before || now.content() != heldBefore;
  }

  private void goBack() {
    shown.add(heldBefore);
    shownTo = before.max();
    Bpos position = new Bpos(shownTo.inode(), shownTo.offset(), 0);
    from = position.compareTo(first) < 0 ? first : position;
    before = null;
  }

  private void closeNode() {
    Bpos max = node.max();
    if (max.compareTo(to) >= 0) {
      done = true;
    } else {
      from = max.successor();
      if (versions && max.snapshot() != -1) {
        before = node;
        heldBefore = content;
      }
    }
    node = null;
  }

  @Override
  public void seek(Bpos pos) {
    first = pos;
    from = pos;
    node = null;
    before = null;
    shown.clear();
    done = pos.compareTo(to) > 0;
  }

  @Override
  public void close() {
    done = true;
    node = null;
    before = null;
  }
}
