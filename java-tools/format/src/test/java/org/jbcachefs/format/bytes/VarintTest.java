// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VarintTest {
  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "1, 02",
    "127, fe",
    "128, 0102",
    "16383, fdff",
    "16384, 030002",
    "72057594037927935, 7fffffffffffffff",
    "72057594037927936, ff0000000000000001",
    "-1, ffffffffffffffffff",
  })
  void numbersAreEncodedWithTheirLengthInTheFirstByte(long value, String hex) {
    byte[] expected = HexFormat.of().parseHex(hex);
    byte[] actual = new byte[expected.length];
    assertEquals(expected.length, Varint.encode(MemorySegment.ofArray(actual), 0, value));
    assertArrayEquals(expected, actual);
    MemorySegment in = MemorySegment.ofArray(expected);
    assertEquals(expected.length, Varint.length(in, 0, expected.length));
    assertEquals(value, Varint.value(in, 0, expected.length));
  }

  @Test
  void aNumberThatIsCutOffHasNoLength() {
    MemorySegment in = MemorySegment.ofArray(HexFormat.of().parseHex("ff00000000000000"));
    assertEquals(-1, Varint.length(in, 0, 8));
    assertEquals(-1, Varint.length(in, 8, 8));
  }
}
