// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StrHashTest {
  private static final byte[] NAME = "lost+found".getBytes(StandardCharsets.US_ASCII);

  @Test
  void sipHashGivesItsAuthorsTestVector() {
    byte[] message = new byte[15];
    for (int i = 0; i < message.length; i++) {
      message[i] = (byte) i;
    }
    assertEquals(
        0xa129ca6149be45e5L, SipHash.hash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L, message));
  }

  @Test
  void offsets0And1AreKeptForTheDots() {
    for (int type = 0; type < StrHash.TYPES; type++) {
      StrHash hash = StrHash.of(type, 12345);
      assertEquals(Math.max(hash.hash(NAME), 2), hash.direntOffset(NAME, false));
      assertEquals(hash.hash(NAME) & 0x7fffffff, hash.direntOffset(NAME, true));
    }
  }

  @Test
  void anUnknownTypeIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> StrHash.of(StrHash.TYPES, 0));
  }
}
