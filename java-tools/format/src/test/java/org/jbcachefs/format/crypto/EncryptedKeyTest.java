// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.Test;

/** The crypt section is one that the reference's mkfs wrote for the passphrase "jbcachefs". */
class EncryptedKeyTest {
  private static final byte[] SECTION =
      HexFormat.of()
          .parseHex(
              "080000000200000000000000000000000e00030004000000d5282597c447b6ad"
                  + "15f292020914b63d77c8ff9498fcde73cd50b4a46ef162be3187e868c0da4dc3");

  /** First 8 bytes of that filesystem's internal UUID. */
  private static final long MAGIC_WORD = 0x704c2a169a4cbb2dL;

  private static final byte[] PASSPHRASE = "jbcachefs".getBytes(StandardCharsets.US_ASCII);

  private static EncryptedKey section() {
    return EncryptedKey.parse(MemorySegment.ofArray(SECTION), Place.NOWHERE);
  }

  @Test
  void theParametersAreThoseThatMkfsWrites() {
    EncryptedKey key = section();
    assertEquals(EncryptedKey.KDF_SCRYPT, key.kdfType());
    assertEquals(14, key.logN());
    assertEquals(3, key.logR());
    assertEquals(4, key.logP());
    assertTrue(key.needsPassphrase());
    assertTrue(key.plainKey().isEmpty());
  }

  @Test
  void theRightPassphraseUnlocksAndTheWrongOneIsToldByTheMagic() {
    EncryptedKey key = section();
    FilesystemKey right = key.derive(PASSPHRASE, Place.NOWHERE);
    assertEquals(FilesystemKey.BYTES, key.unlock(right, MAGIC_WORD, Place.NOWHERE).bytes().length);
    FilesystemKey wrong = new FilesystemKey(new byte[FilesystemKey.BYTES]);
    assertThrows(PassphraseException.class, () -> key.unlock(wrong, MAGIC_WORD, Place.NOWHERE));
    assertThrows(PassphraseException.class, () -> key.unlock(right, MAGIC_WORD + 1, Place.NOWHERE));
  }

  @Test
  void aKeyInTheClearNeedsNoPassphrase() {
    byte[] section = SECTION.clone();
    Le.putU64(MemorySegment.ofArray(section), EncryptedKey.OFFSET_KEY_MAGIC, EncryptedKey.MAGIC);
    EncryptedKey key = EncryptedKey.parse(MemorySegment.ofArray(section), Place.NOWHERE);
    assertFalse(key.needsPassphrase());
    assertArrayEquals(
        java.util.Arrays.copyOfRange(section, EncryptedKey.OFFSET_KEY, 64),
        key.plainKey().orElseThrow().bytes());
  }

  @Test
  void absurdParametersAreRefusedInsteadOfFillingTheMemory() {
    for (long flags : new long[] {0x0004_0003_0030L, 0x0004_0030_000eL, 0x0030_0003_000eL, 0}) {
      EncryptedKey key = new EncryptedKey(0, flags, new byte[40]);
      assertThrows(RefusedException.class, () -> key.derive(PASSPHRASE, Place.NOWHERE));
    }
    EncryptedKey unknown = new EncryptedKey(1, 0x0004_0003_000eL, new byte[40]);
    assertThrows(RefusedException.class, () -> unknown.derive(PASSPHRASE, Place.NOWHERE));
  }

  @Test
  void aShortSectionIsCorruption() {
    MemorySegment shortSection = MemorySegment.ofArray(SECTION).asSlice(0, 56);
    assertThrows(CorruptionException.class, () -> EncryptedKey.parse(shortSection, Place.NOWHERE));
  }

  @Test
  void theKeyNeverShowsInText() {
    assertEquals("FilesystemKey", new FilesystemKey(new byte[32]).toString());
  }
}
