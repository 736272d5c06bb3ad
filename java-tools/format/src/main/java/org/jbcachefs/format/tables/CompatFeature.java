// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/**
 * Compatible features: what is known to hold on disk; unknown bits may be ignored. Source: {@code
 * BCH_SB_COMPAT}.
 */
public enum CompatFeature {
  ALLOC_INFO(0),
  ALLOC_METADATA(1),
  EXTENTS_ABOVE_BTREE_UPDATES_DONE(2),
  BFORMAT_OVERFLOW_DONE(3),
  NO_STALE_PTRS(4);

  private static final CompatFeature[] BY_NUMBER = values();

  private final int number;

  CompatFeature(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** Whether it is set in a superblock's words. */
  public boolean isSet(long[] words) {
    return (words[number / Long.SIZE] >>> number & 1) != 0;
  }

  /** The one with that number, or null if it is not known. */
  public static CompatFeature of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
