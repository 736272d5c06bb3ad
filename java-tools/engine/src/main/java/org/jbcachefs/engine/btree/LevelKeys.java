// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The keys of one level of a btree in a range: those of the nodes, replaced or hidden by the
 * journalled ones at the same positions. After an exception the next step goes on behind the range
 * of the node that could not be read.
 */
final class LevelKeys implements KeyIterator {
  private static final int DELETED = KeyType.DELETED.number();

  private final Segments source;
  private final OverlayKeys overlay;
  private final Bpos to;
  private final Bkey current = new Bkey();
  private final Bkey nodeKey = new Bkey();
  private final Bkey overlayKey = new Bkey();
  private Bpos from;
  private Segment segment;
  private BtreeNode node;
  private int nodeIndex;
  private int nodeEnd;
  private int overlayIndex;
  private int overlayEnd;
  private boolean done;

  LevelKeys(Segments source, OverlayKeys overlay, Bpos from, Bpos to) {
    this.source = source;
    this.overlay = overlay;
    this.to = to;
    this.from = from;
    if (source != null) {
      source.seek(from);
    }
  }

  /** The keys of one segment alone. */
  LevelKeys(Segment segment, OverlayKeys overlay, Bpos from, Bpos to) {
    this((Segments) null, overlay, from, to);
    done = true;
    this.segment = segment;
    this.node = segment.node();
    place(from);
  }

  @Override
  public Bkey key() {
    return current;
  }

  @Override
  public boolean next() {
    while (segment != null || nextSegment()) {
      if (overlayIndex == overlayEnd) {
        if (nodeIndex < nodeEnd) {
          node.read(nodeIndex++, current);
          return true;
        }
        endSegment();
      } else if (nextMerged()) {
        return true;
      }
    }
    return false;
  }

  /** One step where journalled keys are left in this segment; false if it yields no key. */
  private boolean nextMerged() {
    overlay.get(overlayIndex, overlayKey);
    if (nodeIndex < nodeEnd) {
      node.read(nodeIndex, nodeKey);
      int order =
          nodeKey.comparePos(overlayKey.inode(), overlayKey.offset(), overlayKey.snapshot());
      if (order <= 0) {
        nodeIndex++;
      }
      if (order < 0) {
        current.set(nodeKey);
        return true;
      }
    }
    overlayIndex++;
    current.set(overlayKey);
    return overlayKey.type() != DELETED;
  }

  private boolean nextSegment() {
    if (done) {
      return false;
    }
    Segment next = source.next();
    if (next == null || next.min().compareTo(to) > 0) {
      done = true;
      return false;
    }
    segment = next;
    node = next.node();
    place(from.compareTo(next.min()) > 0 ? from : next.min());
    return true;
  }

  /** Finds where the segment's keys at or after that position begin, and where they end. */
  private void place(Bpos start) {
    Bpos last = to.compareTo(segment.max()) < 0 ? to : segment.max();
    boolean whole = last.equals(Bpos.MAX);
    Bpos behind = whole ? last : last.successor();
    // What the journal says of a lost node's pointers is part of what was lost: the scan knows
    // more.
    boolean overlaid = node == null || !node.synthetic();
    overlayIndex = overlaid ? overlay.lowerBound(start) : 0;
    overlayEnd = !overlaid ? 0 : whole ? overlay.size() : overlay.lowerBound(behind);
    if (node == null) {
      nodeIndex = 0;
      nodeEnd = 0;
      return;
    }
    nodeIndex = node.lowerBound(start);
    nodeEnd = whole ? node.size() : node.lowerBound(behind);
  }

  private void endSegment() {
    if (to.compareTo(segment.max()) <= 0) {
      done = true;
    }
    segment = null;
    node = null;
  }

  @Override
  public void seek(Bpos pos) {
    from = pos;
    done = false;
    boolean here =
        segment != null && pos.compareTo(segment.min()) >= 0 && pos.compareTo(segment.max()) <= 0;
    if (here) {
      place(pos);
    } else {
      segment = null;
      node = null;
      source.seek(pos);
    }
  }

  @Override
  public void close() {
    done = true;
    segment = null;
    node = null;
  }
}
