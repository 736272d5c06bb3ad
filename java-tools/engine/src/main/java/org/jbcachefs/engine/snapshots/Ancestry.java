// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.Arrays;

/**
 * Who descends from whom among snapshots, answered in constant time however deep the trees are:
 * each node has the interval of the numbers that a walk gives to it and what is below it. A parent
 * that is missing, or whose id is not above its child's, counts as none. Immutable, thread-safe.
 */
final class Ancestry {
  /** Ids, ascending as unsigned numbers. */
  private final int[] ids;

  /** Index of the parent, or -1. */
  private final int[] parents;

  private final int[] first;
  private final int[] last;

  /** Indexes by the distance of an id from the highest one; null where ids lie too far apart. */
  private final int[] byDistance;

  /**
   * The ancestry of those nodes.
   *
   * @param ids ascending as unsigned numbers
   * @param parentIds for each, 0 if there is none
   */
  Ancestry(int[] ids, int[] parentIds) {
    this.ids = ids;
    this.byDistance = distances(ids);
    this.parents = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      boolean above = Integer.compareUnsigned(parentIds[i], ids[i]) > 0;
      parents[i] = above ? index(parentIds[i]) : -1;
    }
    this.first = new int[ids.length];
    this.last = new int[ids.length];
    number();
  }

  private static int[] distances(int[] ids) {
    long span = ids.length == 0 ? 0 : Integer.toUnsignedLong(~ids[0]) + 1;
    if (span > 64 + 16L * ids.length) {
      return null;
    }
    int[] table = new int[(int) span];
    Arrays.fill(table, -1);
    for (int i = 0; i < ids.length; i++) {
      table[~ids[i]] = i;
    }
    return table;
  }

  /** Parents come after their children, so that one pass each way finds sizes, then places. */
  private void number() {
    int[] size = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      size[i]++;
      if (parents[i] >= 0) {
        size[parents[i]] += size[i];
      }
    }
    int[] taken = new int[ids.length];
    int free = 0;
    for (int i = ids.length - 1; i >= 0; i--) {
      int parent = parents[i];
      if (parent < 0) {
        first[i] = free;
        free += size[i];
      } else {
        first[i] = first[parent] + 1 + taken[parent];
        taken[parent] += size[i];
      }
      last[i] = first[i] + size[i] - 1;
    }
  }

  /** Index of that id, or -1. */
  int index(int id) {
    if (byDistance != null) {
      int distance = ~id;
      return distance >= 0 && distance < byDistance.length ? byDistance[distance] : -1;
    }
    int low = 0;
    int high = ids.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Integer.compareUnsigned(ids[middle], id);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /** Whether {@code ancestor} is {@code id} itself or one of its ancestors. */
  boolean isAncestor(int id, int ancestor) {
    if (id == ancestor) {
      return true;
    }
    int below = index(id);
    int above = index(ancestor);
    return below >= 0 && above >= 0 && first[below] >= first[above] && last[below] <= last[above];
  }
}
