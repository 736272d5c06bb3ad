// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Which ranges of leaf keys could not be read: nothing is to be called missing there, and no sum
 * over such a btree is to be called wrong. Thread-safe.
 */
public final class Damaged {
  private final Map<Integer, TreeMap<Bpos, Bpos>> ranges = new HashMap<>();
  private boolean interior;

  /** Keys from one position to the other, both included, may be lost. */
  synchronized void add(int btree, Bpos from, Bpos to) {
    TreeMap<Bpos, Bpos> lost = ranges.computeIfAbsent(btree, _ -> new TreeMap<>());
    Bpos start = from;
    Bpos end = to;
    Map.Entry<Bpos, Bpos> before = lost.floorEntry(end);
    while (before != null && before.getValue().compareTo(start) >= 0) {
      lost.remove(before.getKey());
      start = before.getKey().compareTo(start) < 0 ? before.getKey() : start;
      end = before.getValue().compareTo(end) > 0 ? before.getValue() : end;
      before = lost.floorEntry(end);
    }
    lost.put(start, end);
  }

  /** Nothing of that btree can be read. */
  public void addWhole(int btree) {
    add(btree, Bpos.MIN, Bpos.MAX);
    addInterior();
  }

  /** A node above the leaves is lost, and pointers with it. */
  synchronized void addInterior() {
    interior = true;
  }

  /** Whether pointers to nodes may be lost. */
  public synchronized boolean anyPointers() {
    return interior;
  }

  /** Whether a key in that range, both ends included, may be lost. */
  public synchronized boolean mayLack(int btree, Bpos from, Bpos to) {
    TreeMap<Bpos, Bpos> lost = ranges.get(btree);
    Map.Entry<Bpos, Bpos> before = lost == null ? null : lost.floorEntry(to);
    return before != null && before.getValue().compareTo(from) >= 0;
  }

  /** Whether anything of that btree may be lost. */
  public synchronized boolean any(int btree) {
    return ranges.containsKey(btree);
  }

  /** Whether anything at all may be lost. */
  public synchronized boolean any() {
    return !ranges.isEmpty();
  }
}
