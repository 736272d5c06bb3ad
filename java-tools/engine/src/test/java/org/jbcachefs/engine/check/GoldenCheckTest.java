// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Filesystems that kernels and the reference wrote, and their own fsck found sound, are sound. */
class GoldenCheckTest {
  static List<String> images() {
    return GoldenImages.names();
  }

  /** Its first superblock was overwritten; the reference reads a copy, and so do we. */
  private static final String WITHOUT_FIRST_SUPERBLOCK = "sb-primary-zeroed";

  @ParameterizedTest
  @MethodSource("images")
  void nothingIsFound(String name) {
    CheckRun run = CheckRun.of(name);
    assertEquals(0, run.summary().findings(), run::text);
    assertEquals(name.equals(WITHOUT_FIRST_SUPERBLOCK) ? 1 : 0, run.summary().notes(), run::text);
  }
}
