// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The btrees as they lie on the devices, seen through the journal's overlay. Thread-safe.
 *
 * <p>Where nodes do not meet, the range between them has no keys (but journalled ones), and a
 * finding says so. A node that cannot be read throws; an iterator can be stepped on afterwards, and
 * then continues behind that node's range.
 */
public final class BtreesOverDevices implements Btrees {
  /** Levels that a root may have: what fits in a node's flags. */
  private static final int LEVEL_LIMIT = 16;

  private static final int FINDINGS_REMEMBERED = 10_000;
  private static final int DEAD_REMEMBERED = 100_000;

  private final Overlay overlay;
  private final NodeCache cache;
  private final Consumer<Finding> findings;
  private final Rescue rescue;
  private final Map<Integer, BtreePointer> roots = new ConcurrentHashMap<>();

  /** Root nodes that were read, by btree: every lookup begins there. */
  private final AtomicReferenceArray<BtreeNode> rootNodes =
      new AtomicReferenceArray<>(BtreeId.NUMBER_LIMIT);

  /** Of a rescue: nodes that are not worth another attempt, and why. */
  private final Map<BtreePointer, CorruptionException> dead = new ConcurrentHashMap<>();

  private final Set<Finding> reported = ConcurrentHashMap.newKeySet();
  private final Descent descent = new Descent(this);

  /**
   * Btrees that begin at the overlay's roots.
   *
   * @param cacheBytes how much memory nodes may take that nobody uses at the moment
   * @param findings told of topology errors, each once; called by any thread
   */
  public BtreesOverDevices(
      NodeReader reader, Overlay overlay, long cacheBytes, Consumer<Finding> findings) {
    this(reader, overlay, cacheBytes, findings, null);
  }

  private BtreesOverDevices(
      NodeReader reader,
      Overlay overlay,
      long cacheBytes,
      Consumer<Finding> findings,
      NodeScan scan) {
    this.overlay = overlay;
    this.cache = new NodeCache(cacheBytes, reader::read);
    this.findings = findings;
    this.rescue = scan == null ? null : new Rescue(scan);
  }

  /**
   * Btrees of which roots or nodes may be lost: they are replaced by what the scan finds, which is
   * run when the first one is missed. What could not be read is a finding, and in {@link
   * #rescueReport}.
   */
  public static BtreesOverDevices forRescue(
      NodeReader reader,
      Overlay overlay,
      long cacheBytes,
      Consumer<Finding> findings,
      NodeScan scan) {
    return new BtreesOverDevices(reader, overlay, cacheBytes, findings, scan);
  }

  /** What was lost and found so far; nothing where this was not made for rescue. */
  public RescueReport rescueReport() {
    return rescue == null ? RescueReport.NOTHING : rescue.report();
  }

  @Override
  public List<Integer> present() {
    if (rescue == null) {
      return overlay.btrees();
    }
    Set<Integer> present = new TreeSet<>(overlay.btrees());
    present.addAll(rescue.btrees(present));
    return List.copyOf(present);
  }

  @Override
  public int rootLevel(int btree) {
    BtreeRoot root = overlay.root(btree);
    if (root == null) {
      return rescue != null && rescue.hasLeaves(btree) ? 1 : -1;
    }
    return root.level();
  }

  /** The pointer to a btree's root; null if it has none. */
  public BtreePointer rootPointer(int btree) {
    BtreePointer known = roots.get(btree);
    if (known == null) {
      known = parseRoot(btree);
      if (known != null) {
        roots.put(btree, known);
      }
    }
    return known;
  }

  private BtreePointer parseRoot(int btree) {
    BtreeRoot root = overlay.root(btree);
    if (root == null) {
      return null;
    }
    Place place = Place.structure("root of btree " + BtreeId.nameOf(btree));
    if (root.key() == null || root.level() < 0 || root.level() >= LEVEL_LIMIT) {
      String what = root.key() == null ? "no valid key" : "level " + root.level();
      throw new CorruptionException("btree_root_bkey_invalid", place, what);
    }
    return BtreePointer.parse(btree, root.level(), root.key(), place);
  }

  /** Reads a node, or takes it from memory. */
  public BtreeNode open(BtreePointer pointer) {
    if (rescue != null && Rescue.isSynthetic(pointer)) {
      return rescue.open(pointer);
    }
    CorruptionException known = dead.get(pointer);
    if (known != null) {
      throw known;
    }
    try {
      return cache.get(pointer);
    } catch (CorruptionException e) {
      if (rescue != null && dead.size() < DEAD_REMEMBERED) {
        dead.put(pointer, e);
      }
      throw e;
    }
  }

  @Override
  public KeyIterator iterate(int btree, int level, Bpos from, Bpos to) {
    boolean sums = level == 0 && btree == BtreeId.ACCOUNTING.number();
    if (sums && overlay.accounting().size() > 0) {
      KeyIterator base = keys(btree, level, from, to);
      return new AccountingKeys(base, overlay.accounting(), from, to);
    }
    return keys(btree, level, from, to);
  }

  private LevelKeys keys(int btree, int level, Bpos from, Bpos to) {
    Segments segments = new Segments(this, descent, btree, level);
    return new LevelKeys(segments, overlay.keys(btree, level), from, to);
  }

  /** The keys of one segment of that level. */
  LevelKeys keysOf(Segment segment, int btree, int level, Bpos from, Bpos to) {
    return new LevelKeys(segment, overlay.keys(btree, level), from, to);
  }

  Overlay overlay() {
    return overlay;
  }

  /** The root node; null if there is none. */
  BtreeNode root(int btree) {
    BtreeNode known = btree < rootNodes.length() ? rootNodes.get(btree) : null;
    return known != null ? known : readRoot(btree);
  }

  private BtreeNode readRoot(int btree) {
    BtreePointer pointer = rootPointer(btree);
    if (pointer == null) {
      return null;
    }
    BtreeNode node = open(pointer);
    checkSpansAll(node, pointer);
    if (btree < rootNodes.length()) {
      rootNodes.set(btree, node);
    }
    return node;
  }

  /** Hears that two neighbours do not meet. */
  void topology(String errorName, Place place, String what) {
    topology(new Finding(errorName, place, what));
  }

  /** Hears that two neighbours do not meet. */
  void topology(Finding finding) {
    report(finding);
  }

  /**
   * What is to be read instead of a range of a level that cannot be read, covering all of it in
   * order; null if there is nothing.
   *
   * @param cause why; null of a gap between nodes
   */
  List<Segment> replace(int btree, int level, Bpos from, Bpos to, CorruptionException cause) {
    if (rescue == null) {
      return null;
    }
    String why = cause == null ? "no node points there" : cause.getMessage();
    List<Segment> segments = rescue.replace(btree, level, from, to, why);
    if (cause != null) {
      boolean whole = rescue.isWhole(btree, from, to);
      report(Finding.of(whole ? Finding.Severity.MENDED : Finding.Severity.LOST, cause));
    }
    return segments;
  }

  /** A segment that {@link #replace} gave, with its node read, or without any if it cannot be. */
  Segment opened(Segment segment) {
    BtreePointer pointer = segment.unopened();
    try {
      return new Segment(open(pointer), segment.min(), segment.max());
    } catch (CorruptionException e) {
      report(Finding.of(e));
      rescue.noteLost(pointer.btree(), segment.min(), segment.max());
      return new Segment(null, segment.min(), segment.max());
    }
  }

  @Override
  public boolean mayLack(int btree, Bpos from, Bpos to) {
    return rescue != null && rescue.isLost(btree, from, to);
  }

  private void checkSpansAll(BtreeNode node, BtreePointer pointer) {
    Place place = Place.structure(pointer.nodeName());
    if (!node.minKey().equals(Bpos.MIN)) {
      String what = "root begins at " + node.minKey() + ", expected POS_MIN";
      report(new Finding("btree_node_topology_bad_root_min_key", place, what));
    }
    if (!node.maxKey().equals(Bpos.MAX)) {
      String what = "root ends at " + node.maxKey() + ", expected SPOS_MAX";
      report(new Finding("btree_node_topology_bad_root_max_key", place, what));
    }
  }

  @Override
  public boolean lookup(int btree, Bpos pos, Bkey out) {
    if (btree == BtreeId.ACCOUNTING.number()) {
      return lookupSum(pos, out);
    }
    OverlayKeys journalled = overlay.keys(btree, 0);
    int over = journalled.lowerBound(pos);
    if (over < journalled.size()) {
      journalled.get(over, out);
      if (out.comparePos(pos) == 0) {
        return out.type() != KeyType.DELETED.number();
      }
    }
    BtreeNode leaf = leaf(btree, pos);
    int index = leaf == null ? 0 : leaf.lowerBound(pos);
    return leaf != null && index < leaf.size() && leaf.read(index, out).comparePos(pos) == 0;
  }

  private BtreeNode leaf(int btree, Bpos pos) {
    try {
      return descent.find(btree, rootLevel(btree), 0, pos).node();
    } catch (LostRangeException e) {
      throw e.corruption();
    }
  }

  // A sum lies in a buffer of the iterator's; the caller gets a copy.
  private boolean lookupSum(Bpos pos, Bkey out) {
    try (KeyIterator sums = iterate(BtreeId.ACCOUNTING.number(), 0, pos, pos)) {
      if (!sums.next()) {
        return false;
      }
      out.set(sums.key().copy());
      return true;
    }
  }

  private void report(Finding finding) {
    if (reported.size() < FINDINGS_REMEMBERED && reported.add(finding)) {
      findings.accept(finding);
    }
  }
}
