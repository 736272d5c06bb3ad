// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.util.ArrayList;
import java.util.List;

/**
 * What the loaded module is and can do.
 *
 * @param version its text for people
 * @param features bits, JBCACHEFS_FEATURE_*
 */
public record ShimInfo(String version, long features) {
  private static final List<String> NAMES =
      List.of("death_notice", "restrict_writes", "io_uring", "buffers");

  /** Names of the features; "bit N" for one that is newer than this program. */
  public List<String> featureNames() {
    List<String> names = new ArrayList<>();
    for (int bit = 0; bit < Long.SIZE; bit++) {
      if ((features >>> bit & 1) != 0) {
        names.add(bit < NAMES.size() ? NAMES.get(bit) : "bit " + bit);
      }
    }
    return names;
  }
}
