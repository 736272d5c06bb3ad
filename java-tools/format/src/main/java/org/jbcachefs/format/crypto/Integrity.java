// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;

/**
 * Checksums and encryption together, for any {@link ChecksumType}. Everything that is encrypted is
 * first verified as it lies on the device, then decrypted; writers encrypt first. Thread-safe.
 * Source: {@code bch2_checksum}, {@code bch2_encrypt}.
 *
 * <p>The key may be null where nothing is encrypted; a type that needs it then throws {@link
 * PassphraseException}.
 */
public final class Integrity {
  private static final long LOW_16_BITS = 0xffff;

  private Integrity() {}

  /** Whether the range's checksum is exactly the stored one: both words, unused bytes zero. */
  public static boolean verify(
      ChecksumType type,
      FilesystemKey key,
      Nonce nonce,
      MemorySegment segment,
      long offset,
      long length,
      long storedLo,
      long storedHi) {
    if (!type.isMac()) {
      return Checksums.compute(type, segment, offset, length) == storedLo && storedHi == 0;
    }
    Poly1305 mac = authenticate(key, nonce, segment, offset, length);
    return mac.macLo() == storedLo && highWord(type, mac.macHi()) == storedHi;
  }

  /** The first word of the checksum field for that range. */
  public static long computeLo(
      ChecksumType type,
      FilesystemKey key,
      Nonce nonce,
      MemorySegment segment,
      long offset,
      long length) {
    return type.isMac()
        ? authenticate(key, nonce, segment, offset, length).macLo()
        : Checksums.compute(type, segment, offset, length);
  }

  /** Both words of the checksum field for that range, into out[0] and out[1]. */
  public static void compute(
      ChecksumType type,
      FilesystemKey key,
      Nonce nonce,
      MemorySegment segment,
      long offset,
      long length,
      long[] out) {
    if (type.isMac()) {
      Poly1305 mac = authenticate(key, nonce, segment, offset, length);
      out[0] = mac.macLo();
      out[1] = highWord(type, mac.macHi());
    } else {
      out[0] = Checksums.compute(type, segment, offset, length);
      out[1] = 0;
    }
  }

  /** Decrypts in place if the type says that the range is encrypted; else does nothing. */
  public static void decrypt(
      ChecksumType type,
      FilesystemKey key,
      Nonce nonce,
      MemorySegment segment,
      long offset,
      long length) {
    if (type.isMac()) {
      Chacha.crypt(present(key), nonce, segment, offset, length);
    }
  }

  /** Encrypts in place if the type says that the range is encrypted; else does nothing. */
  public static void encrypt(
      ChecksumType type,
      FilesystemKey key,
      Nonce nonce,
      MemorySegment segment,
      long offset,
      long length) {
    decrypt(type, key, nonce, segment, offset, length);
  }

  private static Poly1305 authenticate(
      FilesystemKey key, Nonce nonce, MemorySegment segment, long offset, long length) {
    Poly1305 mac = present(key).cipher().mac(nonce);
    mac.authenticate(segment, offset, length);
    return mac;
  }

  private static long highWord(ChecksumType type, long hi) {
    return type == ChecksumType.CHACHA20_POLY1305_80 ? hi & LOW_16_BITS : hi;
  }

  private static FilesystemKey present(FilesystemKey key) {
    if (key == null) {
      throw new PassphraseException(Place.NOWHERE, "this is encrypted, and there is no key");
    }
    return key;
  }
}
