// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bits as names joined by commas. */
final class FlagNames {
  private FlagNames() {}

  /** Names by bit; bits without a name are left out. */
  static String of(List<String> names, long bits) {
    return String.join(",", list(names, bits));
  }

  /** The same, or "(none)". */
  static String orNone(List<String> names, long bits) {
    return bits == 0 ? "(none)" : of(names, bits);
  }

  static List<String> list(List<String> names, long bits) {
    List<String> set = new ArrayList<>();
    for (int bit = 0; bit < names.size() && bit < Long.SIZE; bit++) {
      if ((bits >>> bit & 1) != 0) {
        set.add(names.get(bit));
      }
    }
    return set;
  }

  /** The names of an enumeration's constants, in their order. */
  static List<String> names(Enum<?>... constants) {
    return Arrays.stream(constants).map(Enum::toString).toList();
  }
}
