// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

/**
 * The 32-byte ChaCha20 key that encrypts a filesystem, or the one that a passphrase gives.
 * Thread-safe; every thread that uses it has its own cipher state. Never shows its bytes in text.
 */
public final class FilesystemKey {
  public static final int BYTES = 32;

  private final byte[] key;
  private final ThreadLocal<Chacha> cipher;

  /** The key's bytes as on disk; copied. */
  public FilesystemKey(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a key has " + BYTES + " bytes, not " + bytes.length);
    }
    key = bytes.clone();
    cipher = ThreadLocal.withInitial(() -> new Chacha(key));
  }

  /** A copy of the key's bytes. */
  public byte[] bytes() {
    return key.clone();
  }

  /** The cipher state of this thread. */
  Chacha cipher() {
    return cipher.get();
  }

  @Override
  public String toString() {
    return "FilesystemKey";
  }
}
