// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.extent.ExtentEntryType;

/**
 * Sizes of extent entries by type, so that old implementations can skip types that they do not
 * know. The list ends at the first 0. Source: {@code struct bch_sb_field_extent_type_u64s}.
 *
 * @param stored one byte a type
 */
public record ExtentTypesSection(Bytes stored) implements Section {
  public static final int OFFSET_SIZES = 8;

  /** The sizes of all types that this version knows. */
  public static ExtentTypesSection known() {
    byte[] sizes = new byte[(ExtentEntryType.values().length + 7) & ~7];
    for (ExtentEntryType type : ExtentEntryType.values()) {
      sizes[type.number()] = (byte) type.u64s();
    }
    return new ExtentTypesSection(Bytes.copyOf(sizes));
  }

  static ExtentTypesSection parse(RawSection section) {
    return new ExtentTypesSection(section.payload());
  }

  /** How many types are listed. */
  public int count() {
    int count = 0;
    while (count < stored.length() && stored.u8(count) != 0) {
      count++;
    }
    return count;
  }

  /** Size of an entry of that type in 8-byte words; 0 for types that are not listed. */
  public int u64s(int type) {
    return type >= 0 && type < count() ? stored.u8(type) : 0;
  }

  @Override
  public int type() {
    return SectionType.EXTENT_TYPE_U64S.number();
  }

  @Override
  public Bytes encode() {
    return stored;
  }
}
