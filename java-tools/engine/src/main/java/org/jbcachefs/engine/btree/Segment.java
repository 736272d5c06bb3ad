// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;

/**
 * A piece of one level of a btree: a node, or a range that no readable node covers, where only
 * journalled keys are to be found.
 *
 * @param node null where there is none
 * @param min first position
 * @param max last position
 * @param unopened where the node is to be had, if it is not read yet
 */
record Segment(BtreeNode node, Bpos min, Bpos max, BtreePointer unopened) {
  /** No node anywhere: the only segment of a btree that has no root. */
  static final Segment EMPTY = new Segment(null, Bpos.MIN, Bpos.MAX);

  Segment(BtreeNode node, Bpos min, Bpos max) {
    this(node, min, max, null);
  }

  boolean contains(Bpos pos) {
    return pos.compareTo(min) >= 0 && pos.compareTo(max) <= 0;
  }
}
