// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Sums by accounting position, up to three numbers each. Adding to a sum that is there allocates
 * nothing. Belongs to one thread.
 */
public final class CounterMap {
  public static final int COUNTERS = 3;

  private long[] inodes = new long[64];
  private long[] offsets = new long[64];
  private int[] snapshots = new int[64];
  private boolean[] used = new boolean[64];
  private long[] values = new long[64 * COUNTERS];
  private int size;

  /** How many positions there are. */
  public int size() {
    return size;
  }

  /** Adds to the counters at that position. */
  public void add(long inode, long offset, int snapshot, long first, long second, long third) {
    int at = slot(inode, offset, snapshot) * COUNTERS;
    values[at] += first;
    values[at + 1] += second;
    values[at + 2] += third;
  }

  /** One of the sums; 0 if nothing was added. */
  public long get(Bpos pos, int counter) {
    int at = find(pos.inode(), pos.offset(), pos.snapshot());
    return used[at] ? values[at * COUNTERS + counter] : 0;
  }

  void addAll(CounterMap other) {
    for (int i = 0; i < other.used.length; i++) {
      if (other.used[i]) {
        int at = i * COUNTERS;
        add(
            other.inodes[i],
            other.offsets[i],
            other.snapshots[i],
            other.values[at],
            other.values[at + 1],
            other.values[at + 2]);
      }
    }
  }

  /** All positions, ascending. */
  public Bpos[] positions() {
    Bpos[] positions = new Bpos[size];
    int next = 0;
    for (int i = 0; i < used.length; i++) {
      if (used[i]) {
        positions[next++] = new Bpos(inodes[i], offsets[i], snapshots[i]);
      }
    }
    Arrays.sort(positions);
    return positions;
  }

  private int slot(long inode, long offset, int snapshot) {
    int at = find(inode, offset, snapshot);
    if (!used[at]) {
      if (2 * (size + 1) > used.length) {
        grow();
        at = find(inode, offset, snapshot);
      }
      used[at] = true;
      inodes[at] = inode;
      offsets[at] = offset;
      snapshots[at] = snapshot;
      size++;
    }
    return at;
  }

  private int find(long inode, long offset, int snapshot) {
    int mask = used.length - 1;
    int at = (int) (Hashes.of(inode, offset, snapshot) >>> Integer.SIZE) & mask;
    while (used[at]
        && (inodes[at] != inode || offsets[at] != offset || snapshots[at] != snapshot)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void grow() {
    CounterMap larger = new CounterMap();
    int capacity = used.length * 2;
    larger.inodes = new long[capacity];
    larger.offsets = new long[capacity];
    larger.snapshots = new int[capacity];
    larger.used = new boolean[capacity];
    larger.values = new long[capacity * COUNTERS];
    larger.addAll(this);
    inodes = larger.inodes;
    offsets = larger.offsets;
    snapshots = larger.snapshots;
    used = larger.used;
    values = larger.values;
  }
}
