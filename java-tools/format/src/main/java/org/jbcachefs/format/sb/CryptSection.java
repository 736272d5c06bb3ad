// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.error.Place;

/**
 * The filesystem's key, and how a passphrase decrypts it. Source: {@code struct
 * bch_sb_field_crypt}.
 *
 * @param magicAndKey 40 bytes, encrypted unless the filesystem's encryption was turned off
 * @param tail bytes behind what is known
 */
public record CryptSection(long flags, long kdfFlags, Bytes magicAndKey, Bytes tail)
    implements Section {
  static CryptSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    in.requireBytes(EncryptedKey.SECTION_BYTES);
    CryptSection crypt =
        new CryptSection(
            in.u64(EncryptedKey.OFFSET_FLAGS),
            in.u64(EncryptedKey.OFFSET_KDF_FLAGS),
            in.slice(
                EncryptedKey.OFFSET_KEY_MAGIC,
                EncryptedKey.SECTION_BYTES - EncryptedKey.OFFSET_KEY_MAGIC),
            in.rest(EncryptedKey.SECTION_BYTES));
    int kdf = crypt.key().kdfType();
    if (kdf != EncryptedKey.KDF_SCRYPT) {
      throw in.invalid("unknown key derivation function " + kdf);
    }
    return crypt;
  }

  /** The section that keeps such a key. */
  public static CryptSection of(EncryptedKey key) {
    Bytes magicAndKey = Bytes.copyOf(key.magicAndKey());
    return new CryptSection(key.flags(), key.kdfFlags(), magicAndKey, Bytes.EMPTY);
  }

  /** The same, ready to be unlocked. */
  public EncryptedKey key() {
    return new EncryptedKey(flags, kdfFlags, magicAndKey.toArray());
  }

  @Override
  public int type() {
    return SectionType.CRYPT.number();
  }

  @Override
  public Bytes encode() {
    return new SectionWriter().u64(flags).u64(kdfFlags).bytes(magicAndKey).bytes(tail).done();
  }
}
