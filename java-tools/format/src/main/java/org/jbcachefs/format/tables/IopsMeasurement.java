// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/** Kinds of measured speed. Source: {@code BCH_IOPS_MEASUREMENTS}. */
public enum IopsMeasurement {
  SEQREAD(0),
  SEQWRITE(1),
  RANDREAD(2),
  RANDWRITE(3);

  private final int number;

  IopsMeasurement(int number) {
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
