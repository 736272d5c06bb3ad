// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.jbcachefs.format.bytes.Le;
import org.junit.jupiter.api.Test;

class ChachaTest {
  private static final long SEED = 8439;
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void theVectorOfRfc8439Section242Holds() {
    byte[] key = new byte[32];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) i;
    }
    byte[] text =
        ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the"
                + " future, sunscreen would be it.")
            .getBytes(StandardCharsets.US_ASCII);
    // the RFC's nonce 000000000000004a00000000 as words 1 to 3, its counter 1 as word 0
    Chacha.crypt(
        new FilesystemKey(key),
        new Nonce(1, 0, 0x4a000000, 0),
        MemorySegment.ofArray(text),
        0,
        text.length);
    assertArrayEquals(
        HEX.parseHex(
            "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
                + "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
                + "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
                + "5af90bbf74a35be6b40b8eedf2785e42874d"),
        text);
  }

  @Test
  void theCounterWrapsAt32BitsAndLeavesTheOtherWordsAlone() {
    Random random = new Random(SEED);
    byte[] key = new byte[32];
    random.nextBytes(key);
    for (int start : new int[] {-1, -2, -7, -64, -300, Integer.MAX_VALUE, 0}) {
      Nonce nonce = new Nonce(start, random.nextInt(), random.nextInt(), random.nextInt());
      byte[] bytes = new byte[40_000];
      random.nextBytes(bytes);
      byte[] expected = bytes.clone();
      cryptByTheBook(key, nonce, expected);
      Chacha.crypt(new FilesystemKey(key), nonce, MemorySegment.ofArray(bytes), 0, bytes.length);
      assertArrayEquals(expected, bytes, "start " + start);
    }
  }

  @Test
  void goingOnLaterIsTheSameAsGoingThrough() {
    Random random = new Random(SEED);
    byte[] keyBytes = new byte[32];
    random.nextBytes(keyBytes);
    FilesystemKey key = new FilesystemKey(keyBytes);
    Nonce nonce = new Nonce(-3, 1, 2, 3);
    byte[] whole = new byte[1024];
    byte[] parts = new byte[1024];
    Chacha.crypt(key, nonce, MemorySegment.ofArray(whole), 0, 1024);
    Chacha.crypt(key, nonce, MemorySegment.ofArray(parts), 0, 512);
    Chacha.crypt(key, nonce.plusBytes(512), MemorySegment.ofArray(parts), 512, 512);
    assertArrayEquals(whole, parts);
    assertThrows(IllegalArgumentException.class, () -> nonce.plusBytes(100));
  }

  @Test
  void noncesAreLaidOutAsTheFormatSays() {
    assertEquals(new Nonce(0, 0, 0x33221100, 0x77665544), Nonce.superblockKey(0x7766554433221100L));
    assertEquals(new Nonce(0, 7, 1, 0x30000000), Nonce.journal(0x1_0000_0007L));
    assertEquals(
        new Nonce(4096, 0x89abcdef, 0x01234567, 0x20000005),
        Nonce.bset(4096, 0x0123456789abcdefL, 5));
    assertEquals(new Nonce(24, 9, 0, 0x10000002), Nonce.extent(2, 9, 0, 128, 3));
    assertEquals(new Nonce((128 << 22) + 24, 9, 0, 0x14000002), Nonce.extent(2, 9, 4, 128, 3));
    // 1024 << 22 wraps to nothing: word 0 is 32 bits
    assertEquals(new Nonce(8, 9, 0, 0x11000000), Nonce.extent(0, 9, 1, 1024, 1));
  }

  private static void cryptByTheBook(byte[] key, Nonce nonce, byte[] bytes) {
    int[] state = new int[16];
    int[] constants = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    System.arraycopy(constants, 0, state, 0, 4);
    for (int i = 0; i < 8; i++) {
      state[4 + i] = Le.u32(MemorySegment.ofArray(key), 4L * i);
    }
    state[13] = nonce.word1();
    state[14] = nonce.word2();
    state[15] = nonce.word3();
    for (int at = 0; at < bytes.length; at += 64) {
      state[12] = nonce.word0() + at / 64;
      int[] x = state.clone();
      for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++) {
          quarter(x, i, 4 + i, 8 + i, 12 + i);
        }
        for (int i = 0; i < 4; i++) {
          quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
      }
      for (int i = at; i < Math.min(at + 64, bytes.length); i++) {
        int word = (i - at) / 4;
        bytes[i] ^= (byte) ((x[word] + state[word]) >>> (8 * (i % 4)));
      }
    }
  }

  private static void quarter(int[] x, int a, int b, int c, int d) {
    x[a] += x[b];
    x[d] = Integer.rotateLeft(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = Integer.rotateLeft(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = Integer.rotateLeft(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = Integer.rotateLeft(x[b] ^ x[c], 7);
  }
}
