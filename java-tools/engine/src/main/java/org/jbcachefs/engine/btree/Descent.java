// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.List;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The way from a root down to the node of one level that covers a position, each level seen through
 * the journal's overlay. Keeps nothing, so that one serves all threads; nodes come from the cache.
 */
final class Descent {
  private static final int DELETED = KeyType.DELETED.number();

  private final BtreesOverDevices btrees;

  Descent(BtreesOverDevices btrees) {
    this.btrees = btrees;
  }

  /**
   * The segment of that level that covers that position.
   *
   * @param rootLevel of that btree; -1 if it has none
   * @throws LostRangeException if a node on the way, or the node itself, cannot be read and nothing
   *     can take its place
   */
  Segment find(int btree, int rootLevel, int level, Bpos pos) throws LostRangeException {
    if (level > rootLevel) {
      return Segment.EMPTY;
    }
    Segment segment = root(btree, rootLevel, pos);
    for (int at = rootLevel; at > level; at--) {
      segment = child(btree, at - 1, segment, pos);
    }
    return segment;
  }

  private Segment root(int btree, int level, Bpos pos) throws LostRangeException {
    try {
      BtreeNode node = btrees.root(btree);
      if (node != null) {
        return new Segment(node, Bpos.MIN, Bpos.MAX);
      }
    } catch (CorruptionException e) {
      return instead(btree, level, Bpos.MIN, Bpos.MAX, pos, e);
    }
    return instead(btree, level, Bpos.MIN, Bpos.MAX, pos, null);
  }

  /** The child in {@code parent}, of that level, that covers a position. */
  private Segment child(int btree, int level, Segment parent, Bpos pos) throws LostRangeException {
    BtreePointer pointer;
    try {
      pointer = pointer(btree, level, parent, pos);
    } catch (LostRangeException e) {
      Bpos from = startOfGap(btree, level, parent, pos);
      return instead(btree, level, from, e.segment().max(), pos, e.corruption());
    }
    if (pointer == null || (pointer.identifies() && pointer.minKey().compareTo(pos) > 0)) {
      Bpos from = startOfGap(btree, level, parent, pos);
      Bpos to = pointer == null ? parent.max() : pointer.minKey().predecessor();
      btrees.topology(
          uncovered(pointer, from, parent),
          place(btree, level).at(from),
          "no node covers " + from + " - " + to);
      return instead(btree, level, from, to, pos, null);
    }
    Bpos min = pointer.identifies() ? pointer.minKey() : pos;
    try {
      return new Segment(btrees.open(pointer), min, pointer.maxKey());
    } catch (CorruptionException e) {
      return instead(btree, level, min, pointer.maxKey(), pos, e);
    }
  }

  /** The id of a range that no node covers, by where it is in the node above. */
  private static String uncovered(BtreePointer next, Bpos from, Segment parent) {
    if (next != null) {
      return "btree_node_topology_gap_between_nodes";
    }
    return from.equals(parent.min())
        ? "btree_node_topology_interior_node_empty"
        : "btree_node_topology_bad_max_key";
  }

  /** What covers a position in a range that cannot be read. */
  private Segment instead(
      int btree, int level, Bpos from, Bpos to, Bpos pos, CorruptionException cause)
      throws LostRangeException {
    List<Segment> others = btrees.replace(btree, level, from, to, cause);
    if (others == null) {
      if (cause != null) {
        throw new LostRangeException(cause, from, to);
      }
      return new Segment(null, from, to);
    }
    for (Segment segment : others) {
      if (segment.contains(pos)) {
        return segment.unopened() == null ? segment : btrees.opened(segment);
      }
    }
    throw new IllegalStateException("nothing covers " + pos + " instead of " + from + " - " + to);
  }

  /**
   * The first pointer in {@code parent} at or after a position, or null; {@code level} is that of
   * the node it leads to.
   */
  private BtreePointer pointer(int btree, int level, Segment parent, Bpos pos)
      throws LostRangeException {
    BtreeNode node = parent.node();
    OverlayKeys overlay = overlay(btree, level + 1, node);
    int index = node == null ? 0 : node.lowerBound(pos);
    int size = node == null ? 0 : node.size();
    if (overlay.size() == 0) {
      return index < size ? parsed(node, index, pos) : null;
    }
    Bkey nodeKey = new Bkey();
    Bkey overlayKey = new Bkey();
    for (int over = overlay.lowerBound(pos); ; ) {
      boolean overReady = over < overlay.size();
      if (overReady) {
        overlay.get(over, overlayKey);
        overReady = overlayKey.comparePos(parent.max()) <= 0;
      }
      if (index < size) {
        node.read(index, nodeKey);
      } else if (!overReady) {
        return null;
      }
      int order = index == size ? 1 : !overReady ? -1 : compare(nodeKey, overlayKey);
      if (order < 0) {
        return parsed(node, index, pos);
      }
      if (overlayKey.type() != DELETED) {
        return parse(btree, level, overlayKey, pos);
      }
      over++;
      index += order == 0 ? 1 : 0;
    }
  }

  private OverlayKeys overlay(int btree, int level, BtreeNode node) {
    // What the journal says of a lost node's pointers is part of what was lost: the scan knows
    // more.
    return node != null && node.synthetic()
        ? OverlayKeys.NONE
        : btrees.overlay().keys(btree, level);
  }

  private static int compare(Bkey left, Bkey right) {
    return left.comparePos(right.inode(), right.offset(), right.snapshot());
  }

  private BtreePointer parsed(BtreeNode node, int index, Bpos pos) throws LostRangeException {
    try {
      return node.pointerAt(index);
    } catch (CorruptionException e) {
      throw malformed(e, node.read(index, new Bkey()), pos);
    }
  }

  private BtreePointer parse(int btree, int level, Bkey key, Bpos pos) throws LostRangeException {
    try {
      return BtreePointer.parse(btree, level, key, place(btree, level + 1));
    } catch (CorruptionException e) {
      throw malformed(e, key, pos);
    }
  }

  // Nobody knows where the range of a malformed pointer begins; it ends at its position.
  private static LostRangeException malformed(CorruptionException e, Bkey key, Bpos pos) {
    return new LostRangeException(e, pos, key.pos());
  }

  /** The first position behind the last pointer before {@code pos}. */
  private Bpos startOfGap(int btree, int level, Segment parent, Bpos pos) {
    try (LevelKeys pointers = btrees.keysOf(parent, btree, level + 1, parent.min(), pos)) {
      Bpos start = parent.min();
      while (pointers.next() && pointers.key().comparePos(pos) < 0) {
        start = pointers.key().pos().successor();
      }
      return start;
    }
  }

  static Place place(int btree, int level) {
    return Place.structure("btree " + BtreeId.nameOf(btree) + " level " + level);
  }
}
