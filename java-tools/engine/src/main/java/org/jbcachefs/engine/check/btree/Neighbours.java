// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.btree;

import org.jbcachefs.engine.btree.NodeOverlap;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The nodes of one level one after the other, by the pointers to them: none begins before the one
 * before it ends. That there are no gaps is seen by whoever reads the level below.
 */
final class Neighbours {
  private final CheckContext context;
  private final int btree;
  private final int level;
  private BtreePointer before;

  /**
   * Of that btree.
   *
   * @param level of the nodes; the pointers are one level above
   */
  Neighbours(CheckContext context, int btree, int level) {
    this.context = context;
    this.btree = btree;
    this.level = level;
  }

  void check() {
    try (CheckKeys keys = context.keys(btree, level + 1, Bpos.MIN, Bpos.MAX, context)) {
      while (keys.next()) {
        pointer(keys.key());
      }
    }
  }

  private void pointer(Bkey key) {
    BtreePointer pointer;
    try {
      Place place = Place.structure("btree " + BtreeId.nameOf(btree) + " level " + (level + 1));
      pointer = BtreePointer.parse(btree, level, key, place);
    } catch (CorruptionException e) {
      // Malformed pointers are reported by those who follow them.
      before = null;
      return;
    }
    if (before != null
        && pointer.identifies()
        && pointer.minKey().compareTo(before.maxKey()) <= 0) {
      context.heard(NodeOverlap.finding(btree, level, node(before), node(pointer)));
    }
    before = pointer;
  }

  private NodeOverlap.Node node(BtreePointer pointer) {
    return new NodeOverlap.Node(pointer.minKey(), pointer.maxKey(), nodeSeq(pointer));
  }

  private int nodeSeq(BtreePointer pointer) {
    try {
      return context.filesystem().nodes().read(pointer).decoded().nodeSeq();
    } catch (BcachefsException e) {
      // Reported by those who read it for its keys.
      return 0;
    }
  }
}
