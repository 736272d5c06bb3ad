// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.Locale;

/** The superblock's sections by number. Source: {@code BCH_SB_FIELDS}. */
public enum SectionType {
  JOURNAL(0),
  MEMBERS_V1(1),
  CRYPT(2),
  REPLICAS_V0(3),
  QUOTA(4),
  DISK_GROUPS(5),
  CLEAN(6),
  REPLICAS(7),
  JOURNAL_SEQ_BLACKLIST(8),
  JOURNAL_V2(9),
  COUNTERS(10),
  MEMBERS_V2(11),
  ERRORS(12),
  EXT(13),
  DOWNGRADE(14),
  RECOVERY_PASSES(15),
  EXTENT_TYPE_U64S(16),
  /** Of version 1.39. */
  ERRORS_V2(17);

  private static final SectionType[] BY_NUMBER = values();

  private final int number;

  SectionType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The type with that number, or null for one that is not known. */
  public static SectionType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** Whether each device has its own; the others are the same on all devices. */
  public boolean perDevice() {
    return this == JOURNAL || this == JOURNAL_V2;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
