// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.junit.jupiter.api.Test;

final class MountOptionsTest {
  private static MountOptions parse(String... arguments) {
    return MountOptions.parse(List.of(arguments));
  }

  @Test
  void theLastOfANameCounts() {
    assertEquals(Degraded.NO, parse("degraded=yes,ro", "degraded=no").degraded());
  }

  @Test
  void readersGoOnWhateverIsMissingUnlessTold() {
    assertEquals(Degraded.VERY, parse().degraded());
    assertEquals(Degraded.ASK, parse("degraded=ask").degraded());
  }

  @Test
  void dashesAndUnderscoresAreAlike() {
    assertTrue(parse("read-only").isSet("read_only"));
    assertFalse(parse("norecovery=0").norecovery());
    assertTrue(parse("norecovery").norecovery());
  }

  @Test
  void nonsenseIsAnErrorOfUsage() {
    assertThrows(UsageException.class, () -> parse("degraded=perhaps").degraded());
    assertThrows(UsageException.class, () -> parse("norecovery=2").norecovery());
  }
}
