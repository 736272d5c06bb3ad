// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

/** Durations in the largest unit of which they have two at least. */
final class Durations {
  private static final long MINUTE = 60;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;
  private static final long WEEK = 7 * DAY;

  private Durations() {}

  /** Seconds as the reference shows them: "0 ns", "1000 ms", "90 s", "3 m". */
  static String text(long seconds) {
    if (seconds == 0) {
      return "0 ns";
    }
    if (seconds == 1) {
      return "1000 ms";
    }
    if (seconds < 2 * MINUTE) {
      return seconds + " s";
    }
    if (seconds < 2 * HOUR) {
      return seconds / MINUTE + " m";
    }
    if (seconds < 2 * DAY) {
      return seconds / HOUR + " h";
    }
    return seconds < 2 * WEEK ? seconds / DAY + " d" : seconds / WEEK + " w";
  }
}
