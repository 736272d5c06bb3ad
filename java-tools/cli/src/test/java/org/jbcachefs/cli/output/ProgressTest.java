// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  @Test
  void theLineHasRateAndTimeLeftOnceTheTotalIsKnown() {
    try (Progress progress = new Progress("extracting", CLOCK, null, 80, new Object())) {
      progress.did(10, 5 << 20);
      assertEquals("extracting: 10, 5.0 MiB, 2.5 MiB/s, 5 a second", progress.line(2000));
      progress.total(40, 20 << 20);
      assertEquals(
          "extracting: 10/40, 5.0 MiB of 20.0 MiB, 2.5 MiB/s, 5 a second, 6 s left",
          progress.line(2000));
    }
  }

  @Test
  void nothingIsDrawnWithoutATerminal() {
    try (Progress progress = new Progress("extracting", CLOCK, null, 80, new Object())) {
      progress.did(1, 1);
      progress.erase();
      assertEquals(1, progress.items());
    }
  }

  @Test
  void theLineIsErasedAtTheEnd() {
    ByteArrayOutputStream drawn = new ByteArrayOutputStream();
    PrintStream terminal = new PrintStream(drawn, true, StandardCharsets.UTF_8);
    long[] now = {0};
    Clock clock =
        new Clock() {
          @Override
          public java.time.ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return Instant.ofEpochMilli(now[0]);
          }
        };
    try (Progress progress = new Progress("reading", clock, terminal, 20, new Object())) {
      now[0] = 1000;
      progress.did(3, 0);
    }
    assertEquals("\r\033[Kreading: 3, 0 B, 0 \r\033[K", drawn.toString(StandardCharsets.UTF_8));
  }
}
