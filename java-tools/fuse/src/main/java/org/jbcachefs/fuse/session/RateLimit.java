// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.function.LongSupplier;

/** Lets a few things pass at once and then a few each minute, and counts the rest. Thread-safe. */
public final class RateLimit {
  private static final long MINUTE = 60_000_000_000L;

  private final int atOnce;
  private final LongSupplier nanoClock;
  private long windowBegan;
  private int passed;
  private long suppressed;

  /**
   * @param atOnce how many pass in a minute
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public RateLimit(int atOnce, LongSupplier nanoClock) {
    this.atOnce = atOnce;
    this.nanoClock = nanoClock;
    this.windowBegan = nanoClock.getAsLong();
  }

  /** -1 if this one may not pass; otherwise how many were suppressed since the last that did. */
  public synchronized long pass() {
    long now = nanoClock.getAsLong();
    if (now - windowBegan >= MINUTE) {
      windowBegan = now;
      passed = 0;
    }
    if (passed == atOnce) {
      suppressed++;
      return -1;
    }
    passed++;
    long missed = suppressed;
    suppressed = 0;
    return missed;
  }
}
