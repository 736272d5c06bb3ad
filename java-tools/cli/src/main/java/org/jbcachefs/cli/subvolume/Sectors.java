// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Sizes in three digits, as the reference's subvolume commands print them: 0B, 1.00K, 10.7M. */
final class Sectors {
  private static final String UNITS = "BKMGTP";

  private Sectors() {}

  static String text(long sectors) {
    if (sectors == 0) {
      return "0B";
    }
    double value = sectors * 512.0;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString()
        + UNITS.charAt(unit);
  }
}
