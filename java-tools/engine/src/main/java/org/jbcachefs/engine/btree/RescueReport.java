// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * What a rescue found, what of it was used, and what stays lost. Immutable.
 *
 * @param scanned whether there was reason to scan the devices
 * @param found nodes that the scan found, by btree number and level, newest or not
 * @param replaced ranges of a level that could not be read and were replaced, in order
 * @param lost ranges of which no leaf was found at all, in order
 */
public record RescueReport(
    boolean scanned,
    Map<Integer, Map<Integer, Integer>> found,
    List<Replaced> replaced,
    List<Lost> lost) {

  /** No rescue, or nothing to rescue. */
  public static final RescueReport NOTHING =
      new RescueReport(false, Map.of(), List.of(), List.of());

  /** A range of one level that was replaced by what the scan found, and why. */
  public record Replaced(int btree, int level, Bpos from, Bpos to, String why) {
    /** Whether older leaves stand in for a lost one: what they hold may have changed since. */
    public boolean byOlder() {
      return level == 0;
    }

    @Override
    public String toString() {
      return "btree "
          + BtreeId.nameOf(btree)
          + " level "
          + level
          + " "
          + from
          + " - "
          + to
          + ": "
          + why;
    }
  }

  /** A range of positions of which no leaf was found. */
  public record Lost(int btree, Bpos from, Bpos to) {
    @Override
    public String toString() {
      return "btree " + BtreeId.nameOf(btree) + " " + from + " - " + to;
    }
  }

  static RescueReport of(
      List<FoundNode> nodes, Collection<Replaced> replaced, Collection<Lost> lost) {
    Map<Integer, Map<Integer, Integer>> found = new TreeMap<>();
    for (FoundNode node : nodes) {
      found
          .computeIfAbsent(node.btree(), btree -> new TreeMap<>())
          .merge(node.level(), 1, Integer::sum);
    }
    return new RescueReport(
        !nodes.isEmpty(),
        found,
        replaced.stream()
            .sorted(
                Comparator.comparingInt(Replaced::btree)
                    .thenComparing(Replaced::level, Comparator.reverseOrder())
                    .thenComparing(Replaced::from)
                    .thenComparing(Replaced::to))
            .toList(),
        lost.stream()
            .sorted(
                Comparator.comparingInt(Lost::btree)
                    .thenComparing(Lost::from)
                    .thenComparing(Lost::to))
            .toList());
  }
}
