// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CasefoldTest {
  @Test
  void theTableIsWhatIcu64HasForUnicode121() throws IOException {
    try (InputStream resource = CasefoldTable.class.getResourceAsStream(CasefoldTable.RESOURCE)) {
      String committed = new String(resource.readAllBytes(), StandardCharsets.US_ASCII);
      assertEquals(CasefoldTableText.generate(), committed);
    }
  }

  /** Names and what the kernel's utf8_casefold made of them, both in hex. */
  @ParameterizedTest
  @CsvSource({
    "48656c6c6f, 68656c6c6f",
    "c384e1ba9e, 61cc887373",
    "e284ab, 61cc8a",
    "ea b0 81, e18480e185a1e186a8",
    "61efb88f62, 6162",
    "f48fbfbf, f48fbfbf",
    "61 80, 6180",
    "61cc81 cca7 c2ad cc80, 61cca7cc81cc80",
    "cdb8, cdb8",
  })
  void namesFoldAsTheKernelFoldsThem(String name, String folded) {
    HexFormat hex = HexFormat.of();
    byte[] expected = hex.parseHex(folded.replace(" ", ""));
    assertArrayEquals(expected, Casefold.fold(hex.parseHex(name.replace(" ", ""))));
  }

  @ParameterizedTest
  @CsvSource({"c3", "80", "ff41", "eda080", "c0af", "f4908080", "e08080"})
  void whatIsNoUtf8IsRefused(String name) {
    assertNull(Casefold.fold(HexFormat.of().parseHex(name)));
  }

  @Test
  void aNameThatFoldsToMoreThan512BytesIsRefused() {
    byte[] name = "\u0390".repeat(86).getBytes(StandardCharsets.UTF_8);
    assertNull(Casefold.fold(name));
    byte[] shorter = "\u0390".repeat(85).getBytes(StandardCharsets.UTF_8);
    assertEquals(510, Casefold.fold(shorter).length);
  }
}
