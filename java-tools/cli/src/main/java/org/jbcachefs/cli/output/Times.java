// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/** Times for people, in the zone of the user (TZ), the same in every locale. */
public final class Times {
  private static final long NANOS = 1_000_000_000L;

  private Times() {}

  /** Nanoseconds since 1970 in full: {@code 2026-11-22 10:59:11.123456789 +0000}. */
  public static String full(long nanoseconds, ZoneId zone) {
    ZonedDateTime time = at(nanoseconds, zone);
    StringBuilder text = minute(time).append(':');
    digits(text, time.getSecond(), 2).append('.');
    digits(text, time.getNano(), 9).append(' ');
    int offset = time.getOffset().getTotalSeconds() / 60;
    text.append(offset < 0 ? '-' : '+');
    digits(text, Math.abs(offset) / 60, 2);
    return digits(text, Math.abs(offset) % 60, 2).toString();
  }

  /** To the minute: {@code 2026-11-22 10:59}. */
  public static String minute(long nanoseconds, ZoneId zone) {
    return minute(at(nanoseconds, zone)).toString();
  }

  private static ZonedDateTime at(long nanoseconds, ZoneId zone) {
    return Instant.ofEpochSecond(
            Math.floorDiv(nanoseconds, NANOS), Math.floorMod(nanoseconds, NANOS))
        .atZone(zone);
  }

  private static StringBuilder minute(ZonedDateTime time) {
    StringBuilder text = new StringBuilder(36);
    digits(text, time.getYear(), 4).append('-');
    digits(text, time.getMonthValue(), 2).append('-');
    digits(text, time.getDayOfMonth(), 2).append(' ');
    digits(text, time.getHour(), 2).append(':');
    return digits(text, time.getMinute(), 2);
  }

  private static StringBuilder digits(StringBuilder text, int number, int width) {
    String digits = Integer.toString(number);
    text.repeat('0', Math.max(0, width - digits.length()));
    return text.append(digits);
  }
}
