// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/** What a bucket or a pointer holds. Source: {@code BCH_DATA_TYPES}. */
public enum DataType {
  FREE(0),
  SB(1),
  JOURNAL(2),
  BTREE(3),
  USER(4),
  CACHED(5),
  PARITY(6),
  STRIPE(7),
  NEED_GC_GENS(8),
  NEED_DISCARD(9),
  UNSTRIPED(10);

  private static final DataType[] BY_NUMBER = values();

  private final int number;

  DataType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The one with that number, or null if it is not known. */
  public static DataType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name of a type, e.g. "user", or "(unknown data_type 20)". */
  public static String nameOf(int number) {
    DataType type = of(number);
    return type == null ? "(unknown data_type " + number + ")" : type.toString();
  }

  /** Whether buckets of this type hold nothing. */
  public boolean isEmpty() {
    return this == FREE || this == NEED_GC_GENS || this == NEED_DISCARD;
  }

  /** Whether it is left out where people are told how full a filesystem is. */
  public boolean isHidden() {
    return this == SB || this == JOURNAL;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
