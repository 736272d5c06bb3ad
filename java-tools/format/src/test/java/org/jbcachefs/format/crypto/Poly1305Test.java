// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.bouncycastle.crypto.params.KeyParameter;
import org.jbcachefs.format.bytes.Le;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Poly1305Test {
  private static final long SEED = 1305;
  private static final HexFormat HEX = HexFormat.of();

  private static byte[] mac(byte[] key, byte[] message) {
    Poly1305 mac = new Poly1305();
    mac.init(key);
    mac.authenticate(MemorySegment.ofArray(message), 0, message.length);
    byte[] tag = new byte[16];
    Le.putU64(MemorySegment.ofArray(tag), 0, mac.macLo());
    Le.putU64(MemorySegment.ofArray(tag), 8, mac.macHi());
    return tag;
  }

  @Test
  void theVectorOfRfc8439Section252Holds() {
    byte[] key = HEX.parseHex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
    byte[] text = "Cryptographic Forum Research Group".getBytes(StandardCharsets.US_ASCII);
    assertEquals("a8061dc1305136c6c22b8baf0c0127a9", HEX.formatHex(mac(key, text)));
  }

  /** RFC 8439 appendix A.3, vectors 7 to 11: the carries and the last reduction. */
  @ParameterizedTest
  @CsvSource({
    "02,00,ffffffffffffffffffffffffffffffff,03",
    "02,ffffffffffffffffffffffffffffffff,02000000000000000000000000000000,03",
    "01,00,fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000,05",
    "01,00,fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101,00",
    "02,00,fdffffffffffffffffffffffffffffff,faffffffffffffffffffffffffffffff",
    "0100000000000000040000000000000000,00,e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001000000000000000000000000000000,14000000000000005500000000000000",
    "0100000000000000040000000000000000,00,e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000,13",
  })
  void theVectorsOfRfc8439AppendixAHold(String r, String s, String data, String tag) {
    byte[] key = new byte[32];
    byte[] rBytes = HEX.parseHex(r);
    System.arraycopy(rBytes, 0, key, 0, Math.min(16, rBytes.length));
    byte[] sBytes = HEX.parseHex(s);
    System.arraycopy(sBytes, 0, key, 16, sBytes.length);
    assertArrayEquals(Arrays.copyOf(HEX.parseHex(tag), 16), mac(key, HEX.parseHex(data)));
  }

  @Test
  void randomMessagesOfAllLengthsAgreeWithBouncyCastle() {
    Random random = new Random(SEED);
    for (int i = 0; i < 2000; i++) {
      byte[] key = new byte[32];
      byte[] message = new byte[i % 400];
      random.nextBytes(key);
      random.nextBytes(message);
      if (i % 3 == 0) {
        Arrays.fill(message, (byte) 0xff);
      }
      var reference = new org.bouncycastle.crypto.macs.Poly1305();
      reference.init(new KeyParameter(key));
      reference.update(message, 0, message.length);
      byte[] expected = new byte[16];
      reference.doFinal(expected, 0);
      assertArrayEquals(expected, mac(key, message), "message " + i + " of seed " + SEED);
    }
  }
}
