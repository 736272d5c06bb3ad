// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.sb.SectionType;

/** The kinds of structures that a run must have damaged, each often enough. */
final class Expected {
  /** A run of 20,000 cases hits each kind at least this often. */
  private static final int HITS_PER_20_000 = 15;

  /** Types of keys that are only positions; made-up values show that they are not looked at. */
  private static final Set<KeyType> HAVE_NO_VALUE =
      EnumSet.of(KeyType.WHITEOUT, KeyType.EXTENT_WHITEOUT, KeyType.SET);

  private Expected() {}

  static List<String> kinds() {
    List<String> kinds =
        new ArrayList<>(
            List.of(
                "superblock header",
                "superblock flags",
                "superblock layout",
                "superblock section header",
                "node header",
                "node key format",
                "node entry header",
                "bset header",
                "bset keys",
                "jset header",
                "jset entry header",
                "key header",
                "compressed lz4",
                "compressed gzip",
                "compressed zstd",
                "image, restamped",
                "image, not restamped",
                "image bytes",
                "image read whole",
                "image read in part",
                "image refused"));
    for (SectionType type : SectionType.values()) {
      kinds.add("section " + type);
    }
    for (JsetEntryType type : JsetEntryType.values()) {
      kinds.add("jset entry " + type);
    }
    for (KeyType type : KeyType.values()) {
      if (!HAVE_NO_VALUE.contains(type)) {
        kinds.add("value " + type);
      }
      kinds.add("value of other length: " + type);
    }
    for (ExtentEntryType type : ExtentEntryType.values()) {
      kinds.add("extent entry " + type);
    }
    return kinds;
  }

  /** Kinds that a run of that many cases hit too seldom. */
  static List<String> tooThin(Coverage coverage, int cases) {
    long least = Math.max(1, (long) HITS_PER_20_000 * cases / 20_000);
    return kinds().stream().filter(kind -> coverage.of(kind) < least).toList();
  }
}
