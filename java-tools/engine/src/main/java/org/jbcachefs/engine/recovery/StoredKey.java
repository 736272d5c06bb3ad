// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.Optional;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.CryptSection;
import org.jbcachefs.format.sb.Superblock;

/**
 * The filesystem's own key, as its superblocks keep it: under a passphrase, or in the clear. It
 * never changes; what locks it may. Every copy of the superblock has it, and copies are written one
 * after another, each checksummed: whenever that is cut off, one of the two passphrases opens the
 * newest copy that is whole.
 */
public final class StoredKey {
  private StoredKey() {}

  /**
   * The key, unlocked if it must be; empty if the filesystem never was encrypted.
   *
   * @param source asked only if a passphrase is needed
   * @throws org.jbcachefs.format.error.PassphraseException if there is none, or a wrong one
   */
  public static Optional<FilesystemKey> of(Superblock superblock, KeySource source) {
    Optional<CryptSection> crypt = superblock.crypt();
    if (crypt.isEmpty() && superblock.encrypted()) {
      throw new CorruptionException(
          "invalid_sb_crypt", superblock.place(), "encrypted, but there is no crypt section");
    }
    if (crypt.isPresent() && source.known().isPresent()) {
      return source.known();
    }
    return crypt.map(section -> {
      EncryptedKey encrypted = section.key();
      return encrypted
          .plainKey()
          .orElseGet(() ->
              encrypted.unlock(
                  source.keyFor(superblock.userUuid(), encrypted, superblock.place()),
                  superblock.magicWord(),
                  superblock.place()));
    });
  }

  /**
   * The section of a filesystem that is encrypted.
   *
   * @throws RefusedException if it is not
   */
  public static CryptSection require(Superblock superblock) {
    return superblock
        .crypt()
        .orElseThrow(() ->
            new RefusedException(
                "not_encrypted", superblock.place(), "the filesystem is not encrypted"));
  }

  /**
   * Locks it with a passphrase from now on; durable when this returns.
   *
   * @param key as {@link #of} gave it
   * @param passphrase its bytes, without a line end; not kept
   */
  public static void lock(SuperblockWriter superblock, FilesystemKey key, byte[] passphrase) {
    store(superblock, EncryptedKey.locked(key, passphrase, superblock.current().magicWord()));
  }

  /**
   * Keeps it in the clear from now on: the data stays encrypted, and anyone can read it. Durable
   * when this returns.
   */
  public static void leaveOpen(SuperblockWriter superblock, FilesystemKey key) {
    // The parameters stay: they are what others lock it with another time.
    EncryptedKey before = require(superblock.current()).key();
    byte[] plain = EncryptedKey.plain(key).magicAndKey();
    store(superblock, new EncryptedKey(before.flags(), before.kdfFlags(), plain));
  }

  private static void store(SuperblockWriter superblock, EncryptedKey key) {
    Bytes tail = require(superblock.current()).tail();
    CryptSection section = CryptSection.of(key);
    superblock.update(editor ->
        editor.section(
            new CryptSection(section.flags(), section.kdfFlags(), section.magicAndKey(), tail)));
  }
}
