// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jbcachefs.engine.recovery.WritableFilesystem;

/**
 * Files made and removed at random, and what must be there afterwards: every state that there was,
 * and from which one on nothing was promised to be durable.
 */
final class Workload {
  private final Random random;
  private final List<SortedMap<Integer, Integer>> states = new ArrayList<>();
  private int durable;

  /**
   * @param before the files that are there at the beginning, durable
   */
  Workload(Random random, SortedMap<Integer, Integer> before) {
    this.random = random;
    states.add(before);
  }

  /** Does so many things; {@code syncs} is how many lie between two syncs, on average. */
  void run(WritableFilesystem filesystem, int operations, int syncs) {
    TinyFiles files = new TinyFiles(filesystem);
    for (int i = 0; i < operations; i++) {
      step(files);
      if (random.nextInt(syncs) == 0) {
        int reached = states.size() - 1;
        if (random.nextInt(3) == 0) {
          filesystem.tick();
        } else {
          filesystem.sync();
        }
        durable = reached;
      }
    }
    files.close();
  }

  private void step(TinyFiles files) {
    TreeMap<Integer, Integer> next = new TreeMap<>(states.getLast());
    boolean create = next.isEmpty() || random.nextInt(3) > 0;
    int file = random.nextInt(1 << 16);
    if (create && next.containsKey(file)) {
      return;
    }
    if (create) {
      int extents = random.nextInt(4);
      next.put(file, extents);
      // Known before it is tried: a power cut may come when it is half done, or done and not told.
      states.add(next);
      files.create(file, extents);
    } else {
      Integer victim = next.ceilingKey(file);
      victim = victim == null ? next.firstKey() : victim;
      next.remove(victim);
      states.add(next);
      files.remove(victim);
    }
  }

  /** Everything that was done is durable. */
  void allDurable() {
    durable = states.size() - 1;
  }

  /** The newest state. */
  SortedMap<Integer, Integer> now() {
    return states.getLast();
  }

  /** Whether that is one of the states that a crash may leave. */
  boolean mayBe(SortedMap<Integer, Integer> found) {
    return states.subList(durable, states.size()).contains(found);
  }

  @Override
  public String toString() {
    return "states " + durable + " to " + (states.size() - 1);
  }
}
