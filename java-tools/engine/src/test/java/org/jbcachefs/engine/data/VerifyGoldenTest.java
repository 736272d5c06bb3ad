// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What kernels wrote has nothing wrong, as far as it is here. */
class VerifyGoldenTest {
  static List<String> names() {
    return GoldenImages.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void goldenFilesystemsHaveNoDamage(String image) {
    try (GoldenData golden = GoldenData.open(image)) {
      Damages damages = new Damages();
      VerifyTotals totals = new Verify(golden.filesystem.verifySubject(), 2, damages).run();
      if (image.equals("sb-primary-zeroed")) {
        assertEquals(1, damages.all.size(), damages.sentences().toString());
        assertEquals("invalid_sb_magic", damages.all.getFirst().finding().name());
      } else {
        assertEquals(List.of(), damages.sentences());
      }
      assertTrue(totals.nodes() > 10, totals.toString());
      assertTrue(totals.superblocks() > 2, totals.toString());
      assertTrue(damages.bytes() >= totals.bytes() / 2, totals.toString());
    }
  }
}
