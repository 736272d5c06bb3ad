// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bpos;

/**
 * The segments of one level of a btree in order; together they cover every position. Belongs to one
 * thread.
 */
class Segments {
  private final BtreesOverDevices btrees;
  private final Descent descent;
  private final int btree;
  private final int level;
  private final int rootLevel;

  /** The first position that no segment was returned for; null behind the last. */
  private Bpos expected = Bpos.MIN;

  private boolean sought = true;
  private Segment previous;
  private Segment lost;

  Segments(BtreesOverDevices btrees, Descent descent, int btree, int level) {
    this.btrees = btrees;
    this.descent = descent;
    this.btree = btree;
    this.level = level;
    this.rootLevel = btrees.rootLevel(btree);
  }

  /** The next segment will be the one that covers that position. */
  void seek(Bpos pos) {
    expected = pos;
    sought = true;
    lost = null;
  }

  /**
   * The next segment, or null at the end. After an exception the next call returns the range of the
   * node that could not be read, without a node.
   */
  Segment next() {
    Segment segment = lost;
    lost = null;
    if (expected == null && segment == null) {
      return null;
    }
    if (segment == null) {
      segment = find();
    }
    if (!sought && segment.min().compareTo(expected) < 0) {
      btrees.topology(
          NodeOverlap.finding(
              btree,
              level,
              new NodeOverlap.Node(previous.min(), expected.predecessor(), nodeSeq(previous)),
              new NodeOverlap.Node(segment.min(), segment.max(), nodeSeq(segment))));
    }
    Bpos from = expected;
    expected = segment.max().equals(Bpos.MAX) ? null : segment.max().successor();
    sought = false;
    previous = segment;
    return segment.min().compareTo(from) >= 0
        ? segment
        : new Segment(segment.node(), from, segment.max());
  }

  private static int nodeSeq(Segment segment) {
    return segment.node() == null || segment.node().synthetic()
        ? 0
        : segment.node().decoded().nodeSeq();
  }

  private Segment find() {
    try {
      return descent.find(btree, rootLevel, level, expected);
    } catch (LostRangeException e) {
      Segment range = e.segment();
      lost = new Segment(null, expected, range.max());
      throw e.corruption();
    }
  }
}
