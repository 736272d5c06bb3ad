// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class NamesTest {
  @Test
  void everyByteStringSurvivesTheWayThroughAString() {
    Random random = new Random(25);
    for (int round = 0; round < 5000; round++) {
      byte[] name = new byte[random.nextInt(12)];
      random.nextBytes(name);
      assertArrayEquals(name, Names.encode(Names.decode(name)), () -> "seed 25");
    }
  }

  @Test
  void utf8IsDecodedAsItself() {
    byte[] name = "Bär 漢字 🦀".getBytes(StandardCharsets.UTF_8);
    assertEquals("Bär 漢字 🦀", Names.decode(name));
    assertArrayEquals(name, Names.printable(name));
  }

  @Test
  void encodedSurrogatesAreNoUtf8ButComeBack() {
    byte[] name = {(byte) 0xed, (byte) 0xb2, (byte) 0x80, 'x'};
    assertFalse(Names.isUtf8(name));
    assertArrayEquals(name, Names.encode(Names.decode(name)));
  }

  @Test
  void controlCharactersCannotReachATerminalOrBreakALine() {
    byte[] name = {'a', '\n', 033, '[', 'm', 0x7f, '\\'};
    assertEquals(
        "a\\n\\033[m\\177\\\\", new String(Names.printable(name), StandardCharsets.US_ASCII));
  }

  @Test
  void sentencesShowOtherBytesInOctal() {
    assertEquals("a\\377", Names.printableString(new byte[] {'a', (byte) 0xff}));
  }
}
