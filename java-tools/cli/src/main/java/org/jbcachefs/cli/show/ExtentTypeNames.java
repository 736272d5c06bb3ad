// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.List;

/** Names of extent entry types by number. Source: {@code BCH_EXTENT_ENTRY_TYPES}. */
final class ExtentTypeNames {
  private static final List<String> NAMES =
      List.of(
          "ptr",
          "crc32",
          "crc64",
          "crc128",
          "stripe_ptr",
          "rebalance_v1",
          "flags",
          "reconcile",
          "reconcile_bp");

  private ExtentTypeNames() {}

  static String of(int type) {
    return type < NAMES.size() ? NAMES.get(type) : "(unknown type " + type + ")";
  }
}
