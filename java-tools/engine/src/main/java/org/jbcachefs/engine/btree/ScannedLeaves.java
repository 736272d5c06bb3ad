// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The leaves that a scan found, by btree, without overlaps: every position belongs to the newest
 * leaf that covers it. Of a leaf that newer ones cover in part, the rest stays. Immutable,
 * thread-safe.
 *
 * <p>Whoever replaces a node gives the new one a higher seq, so of all leaves that ever covered a
 * position the last one has the highest, whatever became of the others.
 */
final class ScannedLeaves {
  private final Map<Integer, NavigableMap<Bpos, Piece>> byBtree = new HashMap<>();

  /** A part of a leaf. */
  record Piece(FoundNode node, Bpos from, Bpos to) {
    BtreePointer pointer() {
      return node.pointer(from, to);
    }
  }

  ScannedLeaves(List<FoundNode> nodes) {
    List<FoundNode> newestFirst = new ArrayList<>(nodes);
    newestFirst.removeIf(node -> node.level() != 0);
    newestFirst.sort(
        ((Comparator<FoundNode>) FoundNode::compareAge)
            .reversed()
            .thenComparing(FoundNode::minKey)
            .thenComparingLong(FoundNode::seq));
    for (FoundNode node : newestFirst) {
      if (node.minKey().compareTo(node.maxKey()) <= 0) {
        add(byBtree.computeIfAbsent(node.btree(), btree -> new TreeMap<>()), node);
      }
    }
  }

  private static void add(NavigableMap<Bpos, Piece> pieces, FoundNode node) {
    for (Range gap : gaps(pieces, node.minKey(), node.maxKey())) {
      pieces.put(gap.from, new Piece(node, gap.from, gap.to));
    }
  }

  /** A range of positions, both ends included. */
  record Range(Bpos from, Bpos to) {}

  /** What of that range no piece covers, in order. */
  private static List<Range> gaps(NavigableMap<Bpos, Piece> pieces, Bpos from, Bpos to) {
    List<Range> gaps = new ArrayList<>();
    Bpos next = from;
    Map.Entry<Bpos, Piece> before = pieces.floorEntry(from);
    if (before != null && before.getValue().to.compareTo(from) >= 0) {
      next = after(before.getValue().to);
    }
    if (next != null && next.compareTo(to) <= 0) {
      for (Piece piece : pieces.subMap(next, true, to, true).values()) {
        if (piece.from.compareTo(next) > 0) {
          gaps.add(new Range(next, piece.from.predecessor()));
        }
        next = after(piece.to);
        if (next == null) {
          break;
        }
      }
    }
    if (next != null && next.compareTo(to) <= 0) {
      gaps.add(new Range(next, to));
    }
    return gaps;
  }

  private static Bpos after(Bpos pos) {
    return pos.equals(Bpos.MAX) ? null : pos.successor();
  }

  /** Btrees of which leaves were found. */
  Set<Integer> btrees() {
    return Set.copyOf(byBtree.keySet());
  }

  /** The pieces that cover a part of that range, cut to it, in order. */
  List<Piece> within(int btree, Bpos from, Bpos to) {
    NavigableMap<Bpos, Piece> pieces = byBtree.getOrDefault(btree, new TreeMap<>());
    List<Piece> found = new ArrayList<>();
    Map.Entry<Bpos, Piece> before = pieces.floorEntry(from);
    Bpos start = before == null ? from : before.getKey();
    for (Piece piece : pieces.subMap(start, true, to, true).values()) {
      if (piece.to.compareTo(from) >= 0) {
        Bpos low = piece.from.compareTo(from) < 0 ? from : piece.from;
        Bpos high = piece.to.compareTo(to) > 0 ? to : piece.to;
        found.add(new Piece(piece.node, low, high));
      }
    }
    return found;
  }

  /** What of that range no leaf covers. */
  List<Range> missing(int btree, Bpos from, Bpos to) {
    return gaps(byBtree.getOrDefault(btree, new TreeMap<>()), from, to);
  }
}
