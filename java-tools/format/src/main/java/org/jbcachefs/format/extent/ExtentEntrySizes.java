// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import java.util.function.IntUnaryOperator;

/**
 * How long entries are, those of unknown types included as far as the superblock tells. Immutable.
 * Source: {@code struct bch_sb_field_extent_type_u64s}.
 */
public final class ExtentEntrySizes {
  /** Only the types that this version knows. */
  public static final ExtentEntrySizes KNOWN = of(type -> 0);

  /** There are no more types than bits in a word. */
  private static final int TYPES = Long.SIZE;

  private final byte[] u64s;

  private ExtentEntrySizes(byte[] u64s) {
    this.u64s = u64s;
  }

  /**
   * The sizes that a superblock tells, by type; 0 where it does not. Its list ends at the first 0,
   * and cannot change the sizes of the known types.
   */
  public static ExtentEntrySizes of(IntUnaryOperator told) {
    byte[] u64s = new byte[TYPES];
    for (int type = 0; type < TYPES; type++) {
      ExtentEntryType known = ExtentEntryType.of(type);
      int size = known == null ? told.applyAsInt(type) : known.u64s();
      if (size <= 0 || size > Byte.MAX_VALUE) {
        break;
      }
      u64s[type] = (byte) size;
    }
    return new ExtentEntrySizes(u64s);
  }

  /** Length in 8-byte words of an entry of that type, or 0 if it is not known. */
  public int u64s(int type) {
    return type >= 0 && type < TYPES ? u64s[type] : 0;
  }
}
