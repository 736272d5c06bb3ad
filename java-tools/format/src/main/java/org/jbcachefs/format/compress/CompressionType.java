// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.compress;

/**
 * How an extent's data is compressed, by the numbers in its crc entry. Source: {@code
 * BCH_COMPRESSION_TYPES}.
 */
public enum CompressionType {
  NONE(0),
  LZ4_OLD(1),
  GZIP(2),
  LZ4(3),
  ZSTD(4),
  INCOMPRESSIBLE(5);

  private static final CompressionType[] BY_NUMBER = values();

  private final int number;

  CompressionType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** Whether the bytes on the device differ from the file's: not for none and incompressible. */
  public boolean isCompressed() {
    return this != NONE && this != INCOMPRESSIBLE;
  }

  /** The type with that number, or null for one that is not known. */
  public static CompressionType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name of a type, e.g. "zstd", or "(unknown compression type 9)". */
  public static String nameOf(int number) {
    CompressionType type = of(number);
    return type == null ? "(unknown compression type " + number + ")" : type.toString();
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
