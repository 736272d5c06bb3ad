// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * What the btrees' nodes do not know yet: roots, and the keys of the replayed journal entries.
 * Immutable, thread-safe.
 *
 * <p>Keys replace those of the btree at exactly the same (btree, level, position): there is no
 * arithmetic of extents, since overwritten extents were split before they were journalled. Interior
 * levels are overlaid too, so a descent goes through {@link #keys} at every level.
 *
 * <p>Accounting keys are the exception: they are deltas, each to be added to the btree's key if its
 * version is greater than that key's; {@link #keys} never holds them.
 */
public final class Overlay {
  private final SortedMap<Integer, BtreeRoot> roots;
  private final Map<Slot, OverlayKeys> keys;
  private final OverlayKeys accounting;

  /** A btree and a level of it. */
  record Slot(int btree, int level) {}

  Overlay(Map<Integer, BtreeRoot> roots, Map<Slot, OverlayKeys> keys, OverlayKeys accounting) {
    this.roots = new TreeMap<>(roots);
    this.keys = Map.copyOf(keys);
    this.accounting = accounting;
  }

  /** Roots alone, as of a clean filesystem, or one that is read without recovery. */
  public static Overlay ofRoots(Map<Integer, BtreeRoot> roots) {
    return new Overlay(roots, Map.of(), OverlayKeys.NONE);
  }

  /** The same roots, no keys. */
  public Overlay withoutKeys() {
    return ofRoots(roots);
  }

  /** Decides about a journalled key. */
  @FunctionalInterface
  public interface KeyFilter {
    boolean test(int btree, int level, Bkey key);
  }

  /** The same without the keys that do not fit; each one is asked about once. */
  public Overlay only(KeyFilter filter) {
    Map<Slot, OverlayKeys> chosen = new HashMap<>();
    keys.forEach((slot, all) ->
        chosen.put(slot, ChosenKeys.of(all, key -> filter.test(slot.btree(), slot.level(), key))));
    int counters = BtreeId.ACCOUNTING.number();
    return new Overlay(
        roots, chosen, ChosenKeys.of(accounting, key -> filter.test(counters, 0, key)));
  }

  /** The root of that btree, or null if nothing names one. */
  public BtreeRoot root(int btree) {
    return roots.get(btree);
  }

  /** All roots, by btree number. */
  public List<BtreeRoot> roots() {
    return List.copyOf(roots.values());
  }

  /** The journalled keys of one btree at one level; never null. */
  public OverlayKeys keys(int btree, int level) {
    return keys.getOrDefault(new Slot(btree, level), OverlayKeys.NONE);
  }

  /**
   * The accounting btree's deltas in order of position, then from oldest to newest; several may
   * share a position.
   */
  public OverlayKeys accounting() {
    return accounting;
  }

  /** The highest level at which that btree has journalled keys, or -1 if it has none. */
  public int topLevel(int btree) {
    return keys.keySet().stream()
        .filter(slot -> slot.btree() == btree)
        .mapToInt(Slot::level)
        .max()
        .orElse(-1);
  }

  /** Btrees that have a root or journalled keys, ascending. */
  public List<Integer> btrees() {
    return Stream.concat(roots.keySet().stream(), keys.keySet().stream().map(Slot::btree))
        .sorted()
        .distinct()
        .toList();
  }
}
