// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

/**
 * How long small reads take of late: from memory a few microseconds, from a disk much longer,
 * during which a server that serves them itself keeps others waiting. Thread-safe; updates that
 * collide may be lost, which does not matter.
 */
final class ReadPace {
  private static final long SLOW_NANOS = 100_000;
  private static final int WEIGHT_SHIFT = 3;

  private volatile long average;

  void took(long nanos) {
    long before = average;
    average = before + ((nanos - before) >> WEIGHT_SHIFT);
  }

  boolean isSlow() {
    return average > SLOW_NANOS;
  }
}
