// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.PassphraseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IntegrityTest {
  private static final Nonce NONCE = new Nonce(1, 2, 3, 4);
  private final FilesystemKey key = new FilesystemKey(new byte[FilesystemKey.BYTES]);
  private final byte[] bytes = new byte[700];
  private final MemorySegment segment = MemorySegment.ofArray(bytes);

  IntegrityTest() {
    new Random(700).nextBytes(bytes);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void everyFlippedBitIsNoticed(ChecksumType type) {
    long[] stored = new long[2];
    Integrity.compute(type, key, NONCE, segment, 0, bytes.length, stored);
    assertTrue(verify(type, stored[0], stored[1]));
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] ^= (byte) (1 << (bit % 8));
      assertFalse(verify(type, stored[0], stored[1]), "bit " + bit);
      bytes[bit / 8] ^= (byte) (1 << (bit % 8));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyFlippedBitOfTheStoredChecksumIsNoticed(ChecksumType type) {
    long[] stored = new long[2];
    Integrity.compute(type, key, NONCE, segment, 0, bytes.length, stored);
    for (int bit = 0; bit < 64; bit++) {
      assertFalse(verify(type, stored[0] ^ (1L << bit), stored[1]));
      assertFalse(verify(type, stored[0], stored[1] ^ (1L << bit)));
    }
  }

  @Test
  void theShortMacIsTheFirstTenBytesOfTheLongOne() {
    long[] wide = new long[2];
    long[] narrow = new long[2];
    Integrity.compute(ChecksumType.CHACHA20_POLY1305_128, key, NONCE, segment, 0, 700, wide);
    Integrity.compute(ChecksumType.CHACHA20_POLY1305_80, key, NONCE, segment, 0, 700, narrow);
    assertEquals(wide[0], narrow[0]);
    assertEquals(wide[1] & 0xffff, narrow[1]);
  }

  @Test
  void onlyMacTypesEncryptAndTwiceGivesBackWhatWasThere() {
    byte[] before = bytes.clone();
    Integrity.encrypt(ChecksumType.CRC32C, null, NONCE, segment, 0, 700);
    assertArrayEquals(before, bytes);
    Integrity.encrypt(ChecksumType.CHACHA20_POLY1305_80, key, NONCE, segment, 0, 700);
    assertFalse(java.util.Arrays.equals(before, bytes));
    Integrity.decrypt(ChecksumType.CHACHA20_POLY1305_80, key, NONCE, segment, 0, 700);
    assertArrayEquals(before, bytes);
  }

  @Test
  void withoutKeyEncryptedDataIsAQuestionOfThePassphrase() {
    assertThrows(
        PassphraseException.class,
        () ->
            Integrity.verify(
                ChecksumType.CHACHA20_POLY1305_128, null, NONCE, segment, 0, 700, 0, 0));
  }

  private boolean verify(ChecksumType type, long lo, long hi) {
    return Integrity.verify(type, key, NONCE, segment, 0, bytes.length, lo, hi);
  }
}
