// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;

/**
 * Known answers from the CRC catalogue and xxHash's own tests, and slow computations by the book.
 */
class ChecksumsTest {
  private static final byte[] CHECK = "123456789".getBytes(StandardCharsets.US_ASCII);
  private static final long SEED = 20_261_122;

  private static long compute(ChecksumType type, byte[] bytes) {
    return Checksums.compute(type, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  @Test
  void metadataCrc32cIsTheUsualCastagnoli() {
    assertEquals(0xe3069283L, compute(ChecksumType.CRC32C_NONZERO, CHECK));
  }

  @Test
  void iscsiVectorsOfRfc3720Hold() {
    byte[] zeros = new byte[32];
    byte[] ones = new byte[32];
    java.util.Arrays.fill(ones, (byte) 0xff);
    assertEquals(0x8a9136aaL, compute(ChecksumType.CRC32C_NONZERO, zeros));
    assertEquals(0x62a8ab43L, compute(ChecksumType.CRC32C_NONZERO, ones));
  }

  @Test
  void dataCrc64IsEcma182() {
    assertEquals(0x6c40df5f0b497347L, compute(ChecksumType.CRC64, CHECK));
  }

  @Test
  void metadataCrc64IsTheWolfgangEhrhardtVariantOfTheSamePolynomial() {
    assertEquals(0x62ec59e3f1a4f00aL, compute(ChecksumType.CRC64_NONZERO, CHECK));
  }

  @Test
  void xxhashHasTheValuesOfItsOwnTests() {
    assertEquals(0xef46db3751d8e999L, compute(ChecksumType.XXHASH, new byte[0]));
    assertEquals(
        0xd24ec4f1a98c6e5bL, compute(ChecksumType.XXHASH, "a".getBytes(StandardCharsets.US_ASCII)));
    assertEquals(
        0x44bc2cf5ad770999L,
        compute(ChecksumType.XXHASH, "abc".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void xxhashAgreesWithLz4JavaAtAllLengths() {
    XXHash64 reference = XXHashFactory.safeInstance().hash64();
    Random random = new Random(SEED);
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      assertEquals(reference.hash(bytes, 0, length, 0), compute(ChecksumType.XXHASH, bytes));
    }
  }

  @Test
  void allCrcsAgreeWithOneBitAtATimeAtAllLengthsAndOffsets() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(400);
      for (int length = 0; length < 300; length++) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        int offset = random.nextInt(90);
        MemorySegment.copy(
            bytes, 0, segment, java.lang.foreign.ValueLayout.JAVA_BYTE, offset, length);
        assertEquals(
            crc32c(0, bytes), Checksums.compute(ChecksumType.CRC32C, segment, offset, length));
        assertEquals(
            ~crc32c(-1, bytes) & 0xffff_ffffL,
            Checksums.compute(ChecksumType.CRC32C_NONZERO, segment, offset, length));
        assertEquals(
            crc64(0, bytes), Checksums.compute(ChecksumType.CRC64, segment, offset, length));
        assertEquals(
            ~crc64(-1, bytes),
            Checksums.compute(ChecksumType.CRC64_NONZERO, segment, offset, length));
      }
    }
  }

  @Test
  void noChecksumIsZero() {
    assertEquals(0, compute(ChecksumType.NONE, CHECK));
  }

  @Test
  void macsAreRefusedWithoutKey() {
    assertThrows(
        IllegalArgumentException.class, () -> compute(ChecksumType.CHACHA20_POLY1305_80, CHECK));
  }

  @Test
  void typesHaveTheirNumbersAndNames() {
    assertEquals(ChecksumType.XXHASH, ChecksumType.of(7));
    assertEquals(null, ChecksumType.of(8));
    assertEquals("chacha20_poly1305_80", ChecksumType.nameOf(3));
    for (ChecksumType type : ChecksumType.values()) {
      assertEquals(type, ChecksumType.of(type.number()));
    }
  }

  private static long crc32c(int start, byte[] bytes) {
    int crc = start;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
      }
    }
    return Integer.toUnsignedLong(crc);
  }

  private static long crc64(long start, byte[] bytes) {
    long crc = start;
    for (byte b : bytes) {
      crc ^= (long) b << 56;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc << 1) ^ (crc < 0 ? 0x42f0e1eba9ea3693L : 0);
      }
    }
    return crc;
  }
}
