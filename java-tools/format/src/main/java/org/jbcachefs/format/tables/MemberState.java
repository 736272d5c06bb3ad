// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/** States of a member device. Source: {@code BCH_MEMBER_STATES}. */
public enum MemberState {
  RW(0),
  RO(1),
  EVACUATING(2),
  SPARE(3);

  private static final MemberState[] BY_NUMBER = values();

  private final int number;

  MemberState(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The one with that number, or null if it is not known. */
  public static MemberState of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
