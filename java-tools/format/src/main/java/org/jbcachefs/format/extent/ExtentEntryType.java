// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

/**
 * The kinds of entries in an extent's value. The number is the index of the lowest set bit of the
 * entry's first word. Source: {@code BCH_EXTENT_ENTRY_TYPES}.
 */
public enum ExtentEntryType {
  PTR(0, 1),
  CRC32(1, 1),
  CRC64(2, 2),
  CRC128(3, 3),
  STRIPE_PTR(4, 1),
  REBALANCE_V1(5, 1),
  FLAGS(6, 1),
  RECONCILE(7, 1),
  RECONCILE_BP(8, 1);

  private static final ExtentEntryType[] BY_NUMBER = values();

  private final int number;
  private final int u64s;

  ExtentEntryType(int number, int u64s) {
    this.number = number;
    this.u64s = u64s;
  }

  public int number() {
    return number;
  }

  /** Length in 8-byte words. */
  public int u64s() {
    return u64s;
  }

  /** The bit that an entry of this type has as its lowest one. */
  public long typeBit() {
    return 1L << number;
  }

  /** Whether it says how the pointers after it are checksummed and compressed. */
  public boolean isCrc() {
    return this == CRC32 || this == CRC64 || this == CRC128;
  }

  /** The type with that number, or null for one that is not known. */
  public static ExtentEntryType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The type of an entry by its first word; 64 if no bit is set, which is no type. */
  public static int numberOf(long firstWord) {
    return Long.numberOfTrailingZeros(firstWord);
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
