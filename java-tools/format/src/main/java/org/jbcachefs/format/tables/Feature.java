// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/**
 * Incompatible features: bits of the superblock that a reader must know or refuse. Source: {@code
 * BCH_SB_FEATURES}.
 */
public enum Feature {
  LZ4(0),
  GZIP(1),
  ZSTD(2),
  ATOMIC_NLINK(3),
  EC(4),
  JOURNAL_SEQ_BLACKLIST_V3(5),
  REFLINK(6),
  NEW_SIPHASH(7),
  INLINE_DATA(8),
  NEW_EXTENT_OVERWRITE(9),
  INCOMPRESSIBLE(10),
  BTREE_PTR_V2(11),
  EXTENTS_ABOVE_BTREE_UPDATES(12),
  BTREE_UPDATES_JOURNALLED(13),
  REFLINK_INLINE_DATA(14),
  NEW_VARINT(15),
  JOURNAL_NO_FLUSH(16),
  ALLOC_V2(17),
  EXTENTS_ACROSS_BTREE_NODES(18),
  INCOMPAT_VERSION_FIELD(19),
  CASEFOLDING(20),
  NO_ALLOC_INFO(21),
  SMALL_IMAGE(22),
  NO_DEFAULT_SB(23);

  private static final Feature[] BY_NUMBER = values();

  private final int number;

  Feature(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The one with that number, or null if it is not known. */
  public static Feature of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
