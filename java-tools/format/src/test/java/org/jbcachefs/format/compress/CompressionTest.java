// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.jbcachefs.format.error.CorruptionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompressionTest {
  private static final long SEED = 0x1234;
  private static final int GUARD = 64;

  private final Arena arena = Arena.ofConfined();
  private final Decompressor decompressor = new Decompressor();
  private final Compressor compressor = new Compressor();

  @AfterEach
  void close() {
    decompressor.close();
    compressor.close();
    arena.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "GZIP", "ZSTD"})
  void whatWasCompressedComesBackAtEveryLevelAndWithPadding(CompressionType type) {
    Random random = new Random(SEED);
    for (int level = 0; level <= Compressor.MAX_LEVEL; level++) {
      for (int size : new int[] {512, 4096, 65_536, 200_704}) {
        byte[] plain = text(random, size);
        MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, plain);
        MemorySegment packed = arena.allocate(size + 1024);
        int bytes = compressor.compress(type, level, in, 0, size, packed, 512, size);
        assertTrue(bytes > 0 && bytes < size, "level " + level + " made " + bytes);
        int padded = (bytes + 511) / 512 * 512;
        assertArrayEquals(plain, decompress(type, packed, 512, padded, size));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "GZIP", "ZSTD"})
  void whatDoesNotFitIsSaid(CompressionType type) {
    byte[] noise = new byte[8192];
    new Random(SEED).nextBytes(noise);
    MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, noise);
    MemorySegment out = arena.allocate(8192);
    assertEquals(Compressor.DOES_NOT_FIT, compressor.compress(type, 0, in, 0, 8192, out, 0, 8192));
    assertEquals(Compressor.DOES_NOT_FIT, compressor.compress(type, 0, in, 0, 8192, out, 0, 4));
  }

  @Test
  void lz4SequencesByHand() {
    // 3 literals "abc", match of 6 from 3 behind, then 2 literals "xy", then padding
    MemorySegment in = bytes("32 616263 0300 20 7879 00000000");
    assertEquals("abcabcabcxy", ascii(decompress(CompressionType.LZ4, in, 0, 14, 11)));
    assertEquals("abcabc", ascii(decompress(CompressionType.LZ4_OLD, in, 0, 14, 6)));
    // run of one byte: match from 1 behind, length 4 + 15 + 10
    MemorySegment run = bytes("1f 7a 0100 0a 00");
    assertEquals("z".repeat(30), ascii(decompress(CompressionType.LZ4, run, 0, 5, 30)));
  }

  @Test
  void malformedLz4NamesTheInputByte() {
    assertMalformed("input byte 4", "32 616263 0400 20 7879", 9, 11); // behind the start
    assertMalformed("input byte 4", "32 616263 0000 20 7879", 9, 11); // distance 0
    assertMalformed("input byte 6", "32 616263 0300", 6, 11); // ends early
    assertMalformed("input byte 1", "70 616263", 4, 11); // literals missing
    assertMalformed("input byte 3", "f0 ffff", 3, 2000); // count goes on
    assertMalformed("input byte 5", "1f 7a 0100 ff", 5, 3000);
    assertMalformed("input byte 0", "", 0, 1);
  }

  @Test
  void aGzipStreamMustEndWhereTheOutputDoes() {
    byte[] plain = text(new Random(SEED), 4096);
    MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, plain);
    MemorySegment packed = arena.allocate(4096);
    int bytes = compressor.compress(CompressionType.GZIP, 9, in, 0, 4096, packed, 0, 4096);
    assertThrows(
        CorruptionException.class, () -> decompress(CompressionType.GZIP, packed, 0, bytes, 4095));
    assertThrows(
        CorruptionException.class, () -> decompress(CompressionType.GZIP, packed, 0, bytes, 4608));
    assertThrows(
        CorruptionException.class,
        () -> decompress(CompressionType.GZIP, packed, 0, bytes - 1, 4096));
  }

  @Test
  void zstdWithAWrongLengthOrSizeIsMalformed() {
    byte[] plain = text(new Random(SEED), 4096);
    MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, plain);
    MemorySegment packed = arena.allocate(4096);
    int bytes = compressor.compress(CompressionType.ZSTD, 9, in, 0, 4096, packed, 0, 4096);
    for (int size : new int[] {4095, 4097, 3584, 8192}) {
      assertThrows(
          CorruptionException.class,
          () -> decompress(CompressionType.ZSTD, packed, 0, bytes, size));
    }
    for (int length : new int[] {0, 3, bytes - 1}) {
      assertThrows(
          CorruptionException.class,
          () -> decompress(CompressionType.ZSTD, packed, 0, length, 4096));
    }
    packed.set(ValueLayout.JAVA_INT, 0, -1);
    assertThrows(
        CorruptionException.class, () -> decompress(CompressionType.ZSTD, packed, 0, bytes, 4096));
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "GZIP", "ZSTD"})
  void damagedInputNeverWritesBesideTheOutputAndThrowsOnlyCorruption(CompressionType type) {
    Random random = new Random(SEED);
    int size = 4096;
    byte[] plain = text(random, size);
    MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, plain);
    MemorySegment packed = arena.allocate(size);
    int bytes = compressor.compress(type, 1, in, 0, size, packed, 0, size);
    byte[] good = packed.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        bad[random.nextInt(bytes)] = (byte) random.nextInt();
      }
      MemorySegment.copy(bad, 0, packed, ValueLayout.JAVA_BYTE, 0, bytes);
      try {
        decompress(type, packed, 0, bytes, size - random.nextInt(2));
      } catch (CorruptionException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "only " + refused + " refused");
  }

  private static String ascii(byte[] bytes) {
    return new String(bytes, java.nio.charset.StandardCharsets.US_ASCII);
  }

  private void assertMalformed(String where, String hex, int length, int size) {
    MemorySegment in = bytes(hex);
    String message =
        assertThrows(
                CorruptionException.class,
                () -> decompress(CompressionType.LZ4, in, 0, length, size))
            .getMessage();
    assertTrue(message.contains("(" + where + ")"), message);
  }

  private MemorySegment bytes(String hex) {
    return arena.allocateFrom(
        ValueLayout.JAVA_BYTE, HexFormat.of().parseHex(hex.replace(" ", "") + "00"));
  }

  /** Decompresses between two guards, which must survive. */
  private byte[] decompress(
      CompressionType type, MemorySegment in, long offset, int length, int size) {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment out = own.allocate(size + 2 * GUARD);
      out.fill((byte) 0x5a);
      try {
        decompressor.decompress(type, in, offset, length, out, GUARD, size);
      } finally {
        for (int i = 0; i < GUARD; i++) {
          assertEquals(0x5a, out.get(ValueLayout.JAVA_BYTE, i));
          assertEquals(0x5a, out.get(ValueLayout.JAVA_BYTE, GUARD + size + i));
        }
      }
      return out.asSlice(GUARD, size).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static byte[] text(Random random, int size) {
    byte[] text = new byte[size];
    int at = 0;
    while (at < size) {
      int run = Math.min(size - at, 20 + random.nextInt(100));
      if (at > 100 && random.nextBoolean()) {
        int from = random.nextInt(at);
        run = Math.min(run, at - from);
        System.arraycopy(text, from, text, at, run);
      } else {
        Arrays.fill(text, at, at + run, (byte) ('a' + random.nextInt(26)));
      }
      at += run;
    }
    return text;
  }
}
