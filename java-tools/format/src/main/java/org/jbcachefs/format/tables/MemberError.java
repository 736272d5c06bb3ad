// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/** What a member counts errors of. Source: {@code BCH_MEMBER_ERROR_TYPES}. */
public enum MemberError {
  READ(0),
  WRITE(1),
  CHECKSUM(2);

  private final int number;

  MemberError(int number) {
    this.number = number;
  }

  /** Index in the member. */
  public int number() {
    return number;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
