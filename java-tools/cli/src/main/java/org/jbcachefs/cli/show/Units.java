// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

/** Numbers as the reference shows them to people. */
public final class Units {
  private static final String LETTERS = " kMGTPE";

  private Units() {}

  /** In steps of 1024, with three significant digits, cut off: "512", "7.77k", "96.0M". */
  public static String human(long number) {
    long value = number;
    long rest = 0;
    int unit = 0;
    while (Long.compareUnsigned(value, 1024) >= 0) {
      rest = value & 1023;
      value >>>= 10;
      unit++;
    }
    String whole = Long.toString(value);
    if (unit == 0) {
      return whole;
    }
    int digits = 3 - whole.length();
    String fraction = String.format(java.util.Locale.ROOT, "%03d", (rest * 1000) >> 10);
    return whole + (digits > 0 ? "." + fraction.substring(0, digits) : "") + LETTERS.charAt(unit);
  }
}
