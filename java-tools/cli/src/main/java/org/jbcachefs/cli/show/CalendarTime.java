// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Seconds since 1970 as ctime(3) prints them, in a zone. */
public final class CalendarTime {
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT);

  private final ZoneId zone;

  public CalendarTime(ZoneId zone) {
    this.zone = zone;
  }

  /** "Sun Nov 22 09:20:20 2026"; the number itself if no calendar reaches that far. */
  public String text(long seconds) {
    try {
      return FORMAT.format(Instant.ofEpochSecond(seconds).atZone(zone));
    } catch (DateTimeException _) {
      return Long.toString(seconds);
    }
  }

  ZoneId zone() {
    return zone;
  }
}
