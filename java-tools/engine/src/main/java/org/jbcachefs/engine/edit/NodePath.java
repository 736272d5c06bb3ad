// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The nodes from a root down to the one that covers a position.
 *
 * @param steps the root first; at least one
 */
record NodePath(List<Step> steps) {
  /**
   * One node on the way.
   *
   * @param journalled whether the journal, not the node above, has the pointer to it
   */
  record Step(BtreePointer pointer, BtreeNode node, boolean journalled) {}

  private record Found(BtreePointer pointer, boolean journalled) {}

  /**
   * Walks down to a level.
   *
   * @throws NotFoundException if the btree has no node there
   */
  static NodePath find(ReadFilesystem filesystem, int btree, int level, Bpos pos) {
    BtreeRoot root = filesystem.journal().overlay().root(btree);
    Place place = Place.structure("btree " + BtreeId.nameOf(btree) + " level " + level).at(pos);
    if (root == null || root.key() == null) {
      throw new NotFoundException(place, "the btree has no root");
    }
    if (root.level() < level) {
      throw new NotFoundException(place, "the btree's root is at level " + root.level());
    }
    BtreePointer pointer = BtreePointer.parse(btree, root.level(), root.key(), place);
    List<Step> steps = new ArrayList<>();
    steps.add(new Step(pointer, filesystem.nodes().read(pointer), false));
    while (steps.getLast().pointer().level() > level) {
      Found child = child(filesystem.journal().overlay(), steps.getLast().node(), pos);
      if (child == null) {
        throw new NotFoundException(place, "no node covers it");
      }
      BtreeNode node = filesystem.nodes().read(child.pointer());
      steps.add(new Step(child.pointer(), node, child.journalled()));
    }
    return new NodePath(List.copyOf(steps));
  }

  /** The first pointer at or after a position, the journal's keys counting before the node's. */
  private static Found child(Overlay overlay, BtreeNode node, Bpos pos) {
    OverlayKeys journal = overlay.keys(node.btree(), node.level());
    Bkey own = new Bkey();
    Bkey over = new Bkey();
    int index = node.lowerBound(pos);
    for (int at = journal.lowerBound(pos); ; at++) {
      boolean journalLeft = at < journal.size();
      if (journalLeft) {
        journal.get(at, over);
        journalLeft = over.comparePos(node.maxKey()) <= 0;
      }
      boolean ownLeft = index < node.size();
      if (ownLeft) {
        node.read(index, own);
      }
      if (!journalLeft || (ownLeft && own.comparePos(over.pos()) < 0)) {
        return ownLeft ? new Found(node.pointerAt(index), false) : null;
      }
      if (over.type() != KeyType.DELETED.number()) {
        Place place = Place.structure("journal");
        return new Found(BtreePointer.parse(node.btree(), node.level() - 1, over, place), true);
      }
      index += ownLeft && own.comparePos(over.pos()) == 0 ? 1 : 0;
    }
  }

  Step last() {
    return steps.getLast();
  }

  /** The path to the node above; null at the root. */
  NodePath above() {
    return steps.size() == 1 ? null : new NodePath(steps.subList(0, steps.size() - 1));
  }
}
