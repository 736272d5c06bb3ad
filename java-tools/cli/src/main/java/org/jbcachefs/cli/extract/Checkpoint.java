// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.BitSet;

/**
 * How many names in the order of the walk are done without a gap, while workers finish them in any
 * order. Thread-safe.
 */
final class Checkpoint {
  private static final int COMPACT_EVERY = 1 << 12;

  /** Bit i stands for name base + i. */
  private BitSet done = new BitSet();

  private long base;
  private int sinceCompacted;

  synchronized void done(long number) {
    done.set((int) (number - base));
    if (++sinceCompacted == COMPACT_EVERY) {
      compact();
    }
  }

  /** All names with smaller numbers are done. */
  synchronized long reached() {
    compact();
    return base;
  }

  private void compact() {
    sinceCompacted = 0;
    int run = done.nextClearBit(0);
    if (run > 0) {
      done = done.get(run, Math.max(run, done.length()));
      base += run;
    }
  }
}
