// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

final class TimesTest {
  @Test
  void nanosecondsAreShownInFull() {
    assertEquals(
        "2023-11-14 22:13:20.000000001 +0000",
        Times.full(1_700_000_000_000_000_001L, ZoneOffset.UTC));
  }

  @Test
  void timesBefore1970Count() {
    assertEquals("1969-12-31 23:59:59.999999999 +0000", Times.full(-1, ZoneOffset.UTC));
  }

  @Test
  void theZoneOfTheUserIsHonoured() {
    assertEquals(
        "2023-11-15 03:58:20.000000000 +0545",
        Times.full(1_700_000_000_000_000_000L, ZoneId.of("Asia/Kathmandu")));
    assertEquals("2023-11-14 22:13", Times.minute(1_700_000_000_000_000_000L, ZoneOffset.UTC));
  }
}
