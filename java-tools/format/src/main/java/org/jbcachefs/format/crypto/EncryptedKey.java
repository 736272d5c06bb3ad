// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bouncycastle.crypto.generators.SCrypt;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/**
 * The filesystem's key as the superblock's crypt section keeps it: 8 bytes of magic and 32 of key,
 * encrypted with the key that scrypt makes of the passphrase, or plain if the filesystem was
 * encrypted once and no longer is. Immutable. Source: {@code struct bch_sb_field_crypt}, {@code
 * struct bch_encrypted_key}.
 *
 * <p>Section layout after its 8-byte header (offsets from the section's start):
 *
 * <pre>
 *    8  flags      u64  bits 0..4 kdf type (0 = scrypt)
 *   16  kdf_flags  u64  bits 0..16, 16..32, 32..48: base-2 logarithms of scrypt's N, r, p
 *   24  key.magic  u64  "bch**key" once decrypted
 *   32  key.key    32 bytes
 * </pre>
 */
public final class EncryptedKey {
  public static final int SECTION_BYTES = 64;
  public static final int OFFSET_FLAGS = 8;
  public static final int OFFSET_KDF_FLAGS = 16;
  public static final int OFFSET_KEY_MAGIC = 24;
  public static final int OFFSET_KEY = 32;
  public static final BitRange KDF_TYPE = new BitRange(0, 4);
  public static final BitRange SCRYPT_N = new BitRange(0, 16);
  public static final BitRange SCRYPT_R = new BitRange(16, 32);
  public static final BitRange SCRYPT_P = new BitRange(32, 48);

  /** "bch**key" in little endian. */
  public static final long MAGIC = 0x79656b2a2a686362L;

  public static final int KDF_SCRYPT = 0;

  /** The salt is the same for all filesystems; its NUL counts. */
  private static final byte[] SALT = {'b', 'c', 'a', 'c', 'h', 'e', 0};

  private static final int BYTES = Long.BYTES + FilesystemKey.BYTES;

  /** No more than 256 MiB and some seconds for what a damaged or hostile section asks for. */
  private static final int MAX_LOG_MEMORY = 28;

  private static final int MAX_LOG_WORK = 34;

  /** What new keys are encrypted with. Source: {@code bch_crypt_update_passphrase}. */
  private static final int NEW_LOG_N = 14;

  private static final int NEW_LOG_R = 3;
  private static final int NEW_LOG_P = 4;

  private final long flags;
  private final long kdfFlags;
  private final byte[] magicAndKey;

  public EncryptedKey(long flags, long kdfFlags, byte[] magicAndKey) {
    if (magicAndKey.length != BYTES) {
      throw new IllegalArgumentException("magic and key are " + BYTES + " bytes");
    }
    this.flags = flags;
    this.kdfFlags = kdfFlags;
    this.magicAndKey = magicAndKey.clone();
  }

  /**
   * Decodes a crypt section, given from its section header on.
   *
   * @throws CorruptionException if it is too short
   */
  public static EncryptedKey parse(MemorySegment section, Place place) {
    if (section.byteSize() < SECTION_BYTES) {
      throw new CorruptionException(
          "sb_crypt_too_short",
          place,
          "crypt section has " + section.byteSize() + " bytes, expected " + SECTION_BYTES);
    }
    byte[] key = new byte[BYTES];
    MemorySegment.copy(section, OFFSET_KEY_MAGIC, MemorySegment.ofArray(key), 0, BYTES);
    return new EncryptedKey(Le.u64(section, OFFSET_FLAGS), Le.u64(section, OFFSET_KDF_FLAGS), key);
  }

  /** A key as a new filesystem's section keeps it in the clear: encrypted without a passphrase. */
  public static EncryptedKey plain(FilesystemKey key) {
    return new EncryptedKey(0, 0, magicAnd(key));
  }

  /**
   * A key as a new filesystem's section keeps it, encrypted with a passphrase. Takes a good part of
   * a second.
   *
   * @param passphrase its bytes, without a line end; not kept
   * @param magicWord first 8 bytes of the internal UUID as a little-endian number
   */
  public static EncryptedKey locked(FilesystemKey key, byte[] passphrase, long magicWord) {
    long kdf = SCRYPT_N.set(0, NEW_LOG_N);
    kdf = SCRYPT_R.set(kdf, NEW_LOG_R);
    kdf = SCRYPT_P.set(kdf, NEW_LOG_P);
    byte[] bytes = magicAnd(key);
    FilesystemKey locker = new EncryptedKey(0, kdf, bytes).derive(passphrase, Place.NOWHERE);
    Chacha.crypt(locker, Nonce.superblockKey(magicWord), MemorySegment.ofArray(bytes), 0, BYTES);
    return new EncryptedKey(0, kdf, bytes);
  }

  private static byte[] magicAnd(FilesystemKey key) {
    byte[] bytes = new byte[BYTES];
    Le.putU64(MemorySegment.ofArray(bytes), 0, MAGIC);
    System.arraycopy(key.bytes(), 0, bytes, Long.BYTES, FilesystemKey.BYTES);
    return bytes;
  }

  /** The section's two words and its magic and key, as they are stored. */
  public long flags() {
    return flags;
  }

  public long kdfFlags() {
    return kdfFlags;
  }

  public byte[] magicAndKey() {
    return magicAndKey.clone();
  }

  public int kdfType() {
    return KDF_TYPE.getInt(flags);
  }

  /** Base-2 logarithm of scrypt's N; likewise the next two for r and p. */
  public int logN() {
    return SCRYPT_N.getInt(kdfFlags);
  }

  public int logR() {
    return SCRYPT_R.getInt(kdfFlags);
  }

  public int logP() {
    return SCRYPT_P.getInt(kdfFlags);
  }

  /** Whether a passphrase is needed; false if the key lies there in the clear. */
  public boolean needsPassphrase() {
    return Le.u64(magicAndKey, 0) != MAGIC;
  }

  /** The key that lies there in the clear, if it does. */
  public Optional<FilesystemKey> plainKey() {
    return needsPassphrase() ? Optional.empty() : Optional.of(keyOf(magicAndKey));
  }

  /**
   * The key that the passphrase gives by the section's derivation function; it is what the Linux
   * keyring holds under "bcachefs:" and the UUID. Takes a good part of a second.
   *
   * @param passphrase its bytes, without a line end; not kept
   * @throws RefusedException for an unknown derivation function or absurd parameters
   */
  public FilesystemKey derive(byte[] passphrase, Place place) {
    if (kdfType() != KDF_SCRYPT) {
      throw new RefusedException(
          "unknown_kdf", place, "key derivation function " + kdfType() + " is not known");
    }
    int memory = logN() + logR() + 7;
    if (logN() == 0 || memory > MAX_LOG_MEMORY || memory + logP() > MAX_LOG_WORK) {
      throw new RefusedException(
          "bad_kdf_parameters",
          place,
          "scrypt with N=2^" + logN() + " r=2^" + logR() + " p=2^" + logP() + " is not sensible");
    }
    return new FilesystemKey(
        SCrypt.generate(
            passphrase, SALT, 1 << logN(), 1 << logR(), 1 << logP(), FilesystemKey.BYTES));
  }

  /**
   * The filesystem's key, decrypted with a key that {@link #derive} or the keyring gave.
   *
   * @param magicWord first 8 bytes of the internal UUID as a little-endian number
   * @throws PassphraseException if it is the wrong one
   */
  public FilesystemKey unlock(FilesystemKey passphraseKey, long magicWord, Place place) {
    byte[] plain = magicAndKey.clone();
    if (needsPassphrase()) {
      MemorySegment bytes = MemorySegment.ofArray(plain);
      Chacha.crypt(passphraseKey, Nonce.superblockKey(magicWord), bytes, 0, BYTES);
      if (Le.u64(bytes, 0) != MAGIC) {
        throw new PassphraseException(place, "wrong passphrase");
      }
    }
    return keyOf(plain);
  }

  private static FilesystemKey keyOf(byte[] magicAndKey) {
    return new FilesystemKey(java.util.Arrays.copyOfRange(magicAndKey, Long.BYTES, BYTES));
  }
}
