// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;

/** Where the key comes from that opens an encrypted filesystem's own key. */
@FunctionalInterface
public interface KeySource {
  /**
   * The key to call {@link EncryptedKey#unlock} with: derived from a passphrase, or as the Linux
   * keyring holds it. Asked once, and only if a passphrase is needed.
   *
   * @param filesystem the user-visible UUID
   * @throws PassphraseException if there is none
   */
  FilesystemKey keyFor(UUID filesystem, EncryptedKey encrypted, Place place);

  /** The filesystem's own key, for those who have it already; else empty. */
  default Optional<FilesystemKey> known() {
    return Optional.empty();
  }

  /** The filesystem's own key itself. */
  static KeySource of(FilesystemKey key) {
    return new KeySource() {
      @Override
      public FilesystemKey keyFor(UUID filesystem, EncryptedKey encrypted, Place place) {
        throw new PassphraseException(place, "encrypted with another key");
      }

      @Override
      public Optional<FilesystemKey> known() {
        return Optional.of(key);
      }
    };
  }

  /** No passphrase. */
  static KeySource none() {
    return passphrase(() -> null);
  }

  /** A passphrase, without line end; null if there is none. The array is wiped after use. */
  static KeySource passphrase(Supplier<byte[]> supplier) {
    return (filesystem, encrypted, place) -> {
      byte[] passphrase = supplier.get();
      if (passphrase == null) {
        throw new PassphraseException(place, "encrypted, and no passphrase was given");
      }
      try {
        return encrypted.derive(passphrase, place);
      } finally {
        Arrays.fill(passphrase, (byte) 0);
      }
    };
  }
}
