// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import org.jbcachefs.cli.UsageException;

/** Sizes that people type: "4096", "16M", "1GiB", "2 MB". */
public final class ByteSizes {
  private static final String LETTERS = "kMGTPE";

  private ByteSizes() {}

  /**
   * Bytes. k, M, G... and KiB, MiB... are powers of 1024, kB, MB... of 1000; the case of the letter
   * does not matter.
   *
   * @throws UsageException if it is no size
   */
  public static long parse(String text) {
    String trimmed = text.trim();
    int digits = 0;
    while (digits < trimmed.length() && Character.isDigit(trimmed.charAt(digits))) {
      digits++;
    }
    String suffix = trimmed.substring(digits).trim();
    try {
      long number = Long.parseLong(trimmed.substring(0, digits));
      return Math.multiplyExact(number, unit(suffix, text));
    } catch (NumberFormatException | ArithmeticException _) {
      throw noSize(text);
    }
  }

  private static long unit(String suffix, String text) {
    if (suffix.isEmpty() || suffix.equals("B")) {
      return 1;
    }
    int letter = indexIgnoringCase(suffix.charAt(0));
    String rest = suffix.substring(1);
    boolean decimal = rest.equals("B");
    if (letter < 0 || !(rest.isEmpty() || decimal || rest.equals("iB"))) {
      throw noSize(text);
    }
    long unit = 1;
    for (int power = 0; power <= letter; power++) {
      unit *= decimal ? 1000 : 1024;
    }
    return unit;
  }

  private static int indexIgnoringCase(char letter) {
    int index = LETTERS.indexOf(Character.toUpperCase(letter));
    return letter == 'k' || letter == 'K' ? 0 : index;
  }

  private static UsageException noSize(String text) {
    return new UsageException("'" + text + "' is no size; write 4096, 16M, 1G");
  }
}
