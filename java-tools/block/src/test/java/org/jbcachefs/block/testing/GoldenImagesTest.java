// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.junit.jupiter.api.Test;

class GoldenImagesTest {
  @Test
  void unpacksImagesOfSeveralFramesToTheirFullSize() {
    List<BlockDevice> devices = GoldenImages.open("big-sparse");
    assertEquals(1, devices.size());
    try (BlockDevice device = devices.getFirst()) {
      assertEquals(64L << 30, device.size());
    }
  }

  @Test
  void unpacksExactlyWhatIsPacked() throws IOException {
    try (InputStream packed =
            Files.newInputStream(GoldenImages.folder("reflink").resolve("img0.zst"));
        InputStream expected = new com.github.luben.zstd.ZstdInputStream(packed).setLongMax(27);
        InputStream actual = Files.newInputStream(GoldenImages.images("reflink").getFirst())) {
      byte[] wanted = new byte[1 << 20];
      byte[] got = new byte[1 << 20];
      int length;
      do {
        length = expected.readNBytes(wanted, 0, wanted.length);
        assertEquals(length, actual.readNBytes(got, 0, got.length));
        assertTrue(java.util.Arrays.equals(wanted, 0, length, got, 0, length));
      } while (length > 0);
    }
  }

  @Test
  void keepsTheNumbersOfTheMembersThatAreThere() {
    assertEquals(
        List.of(0, 2, 3, 5), List.copyOf(GoldenImages.members("ec-6dev-degraded").keySet()));
  }

  @Test
  void knowsNamesTextsAndPassphrases() {
    assertTrue(GoldenImages.names().contains("default-1dev"));
    assertEquals("jbcachefs", GoldenImages.passphrase("encryption"));
    assertNull(GoldenImages.passphrase("reflink"));
    assertNotNull(GoldenImages.text("reflink", "manifest.txt"));
  }
}
