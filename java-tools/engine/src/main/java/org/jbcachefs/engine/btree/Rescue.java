// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.node.BtreePointer;

/**
 * Stands in for nodes that are lost: scans the devices when the first one is missed, and answers
 * with the leaves that were found in its range. Thread-safe.
 *
 * <p>Lost leaves are replaced by older leaves, if any are left. Of lost interior nodes and roots
 * the pointers do not matter: the leaves of the range say what there is.
 */
final class Rescue {
  /** Btrees that every filesystem has, and without which nothing is found. */
  private static final Set<BtreeId> ESSENTIAL =
      Set.of(
          BtreeId.EXTENTS,
          BtreeId.INODES,
          BtreeId.DIRENTS,
          BtreeId.XATTRS,
          BtreeId.SUBVOLUMES,
          BtreeId.SNAPSHOTS);

  private static final List<BtreePointer.Replica> NOWHERE =
      List.of(new BtreePointer.Replica(BtreePointer.NO_DEVICE, 0, 0));

  /** Made-up nodes and lists of leaves that are kept; more are made again when they are needed. */
  private static final int KEPT = 4096;

  private final NodeScan scan;
  private final Map<Range, List<Segment>> kept = new ConcurrentHashMap<>();
  private final Set<RescueReport.Replaced> replaced = ConcurrentHashMap.newKeySet();
  private final Set<RescueReport.Lost> lost = ConcurrentHashMap.newKeySet();
  private volatile List<FoundNode> found;
  private volatile ScannedLeaves leaves;

  Rescue(NodeScan scan) {
    this.scan = scan;
  }

  private ScannedLeaves leaves() {
    if (leaves == null) {
      synchronized (this) {
        if (leaves == null) {
          found = scan.run();
          leaves = new ScannedLeaves(found);
        }
      }
    }
    return leaves;
  }

  /** Whether a btree that has no root has leaves nevertheless; may begin the scan. */
  boolean hasLeaves(int btree) {
    boolean worthTheScan = leaves != null || ESSENTIAL.contains(BtreeId.of(btree));
    return worthTheScan && leaves().btrees().contains(btree);
  }

  /**
   * Btrees of which leaves were found; begins the scan only if one of {@code present} is missing
   * that every filesystem has.
   */
  Set<Integer> btrees(Set<Integer> present) {
    boolean complete = ESSENTIAL.stream().allMatch(id -> present.contains(id.number()));
    return leaves == null && complete ? Set.of() : leaves().btrees();
  }

  private record Range(int btree, int level, Bpos from, Bpos to) {}

  /** What is to be read instead of that range of that level. */
  List<Segment> replace(int btree, int level, Bpos from, Bpos to, String why) {
    Range range = new Range(btree, level, from, to);
    List<Segment> segments = kept.get(range);
    if (segments == null) {
      segments = make(btree, level, from, to, why);
      if (kept.size() >= KEPT) {
        kept.clear();
      }
      kept.put(range, segments);
    }
    return segments;
  }

  private List<Segment> make(int btree, int level, Bpos from, Bpos to, String why) {
    replaced.add(new RescueReport.Replaced(btree, level, from, to, why));
    for (ScannedLeaves.Range range : leaves().missing(btree, from, to)) {
      noteLost(btree, range.from(), range.to());
    }
    if (level > 0) {
      return List.of(new Segment(interior(btree, level, from, to), from, to));
    }
    List<Segment> segments = new ArrayList<>();
    Bpos next = from;
    for (ScannedLeaves.Piece piece : leaves().within(btree, from, to)) {
      if (piece.from().compareTo(next) > 0) {
        segments.add(new Segment(null, next, piece.from().predecessor()));
      }
      segments.add(new Segment(null, piece.from(), piece.to(), piece.pointer()));
      if (piece.to().equals(to)) {
        return segments;
      }
      next = piece.to().successor();
    }
    segments.add(new Segment(null, next, to));
    return segments;
  }

  /** Whether every position of that range is covered by a leaf that was found. */
  boolean isWhole(int btree, Bpos from, Bpos to) {
    return leaves().missing(btree, from, to).isEmpty();
  }

  /** Keeps in mind that nothing is left of that range. */
  void noteLost(int btree, Bpos from, Bpos to) {
    lost.add(new RescueReport.Lost(btree, from, to));
  }

  /** Whether a part of that range is known to be lost. */
  boolean isLost(int btree, Bpos from, Bpos to) {
    for (RescueReport.Lost range : lost) {
      if (range.btree() == btree
          && range.from().compareTo(to) <= 0
          && range.to().compareTo(from) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether that pointer leads to a node that is on no device. */
  static boolean isSynthetic(BtreePointer pointer) {
    return pointer.level() > 0 && pointer.seq() == 0 && pointer.replicas().equals(NOWHERE);
  }

  /** The node that such a pointer leads to. */
  BtreeNode open(BtreePointer synthetic) {
    Range range =
        new Range(synthetic.btree(), synthetic.level(), synthetic.minKey(), synthetic.maxKey());
    return kept.computeIfAbsent(
            range,
            missing ->
                List.of(
                    new Segment(
                        interior(missing.btree, missing.level, missing.from, missing.to),
                        missing.from,
                        missing.to)))
        .getFirst()
        .node();
  }

  /** A node that points to all leaves that were found in that range. */
  private BtreeNode interior(int btree, int level, Bpos from, Bpos to) {
    List<Bkey> pointers = new ArrayList<>();
    if (level > 1) {
      pointers.add(synthetic(btree, level - 1, from, to).toKey());
    } else {
      leaves().within(btree, from, to).forEach(piece -> pointers.add(piece.pointer().toKey()));
    }
    long bytes = 0;
    for (Bkey pointer : pointers) {
      bytes += Bkey.BYTES + pointer.valueBytes();
    }
    MemorySegment keys = Arena.ofAuto().allocate(Math.max(8, bytes), 8);
    int[] offsets = new int[pointers.size()];
    int at = 0;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = at;
      at += pointers.get(i).writeUnpacked(keys, at);
    }
    return new BtreeNode(synthetic(btree, level, from, to), keys, offsets);
  }

  private static BtreePointer synthetic(int btree, int level, Bpos from, Bpos to) {
    return new BtreePointer(btree, level, from, to, 0, 0, true, NOWHERE);
  }

  RescueReport report() {
    List<FoundNode> nodes = found;
    return RescueReport.of(nodes == null ? List.of() : nodes, replaced, lost);
  }
}
