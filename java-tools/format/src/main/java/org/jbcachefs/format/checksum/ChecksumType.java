// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

/**
 * The checksum types by their numbers on disk. The "nonzero" kinds guard metadata, the plain CRCs
 * guard file data; xxhash guards both. Source: {@code BCH_CSUM_TYPES}, {@code bch_crc_bytes}.
 */
public enum ChecksumType {
  NONE(0, 0),
  CRC32C_NONZERO(1, 4),
  CRC64_NONZERO(2, 8),
  CHACHA20_POLY1305_80(3, 10),
  CHACHA20_POLY1305_128(4, 16),
  CRC32C(5, 4),
  CRC64(6, 8),
  XXHASH(7, 8);

  private static final ChecksumType[] BY_NUMBER = values();

  private final int number;
  private final int storedBytes;

  ChecksumType(int number, int storedBytes) {
    this.number = number;
    this.storedBytes = storedBytes;
  }

  public int number() {
    return number;
  }

  /** How many bytes of the 16-byte checksum field carry the checksum; the rest is zero. */
  public int storedBytes() {
    return storedBytes;
  }

  /**
   * Whether this is a message authentication code, which also says that the bytes are encrypted.
   */
  public boolean isMac() {
    return this == CHACHA20_POLY1305_80 || this == CHACHA20_POLY1305_128;
  }

  /** The type with that number, or null for one that is not known. */
  public static ChecksumType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name of a type, e.g. "crc32c_nonzero", or "(unknown checksum type 9)". */
  public static String nameOf(int number) {
    ChecksumType type = of(number);
    return type == null ? "(unknown checksum type " + number + ")" : type.toString();
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
