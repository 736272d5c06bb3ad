// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bytes to be damaged and what lies where in them. Immutable; the array is shared and never
 * written.
 */
final class Sample {
  private final byte[] bytes;
  private final List<String> kinds;
  private final Map<String, List<Region>> regions = new TreeMap<>();

  Sample(byte[] bytes, List<Region> all) {
    this.bytes = bytes;
    for (Region region : all) {
      if (region.end() <= bytes.length) {
        regions.computeIfAbsent(region.kind(), _ -> new ArrayList<>()).add(region);
      }
    }
    this.kinds = List.copyOf(regions.keySet());
    if (kinds.isEmpty()) {
      throw new IllegalArgumentException("a sample without regions");
    }
  }

  byte[] copy() {
    return bytes.clone();
  }

  int length() {
    return bytes.length;
  }

  List<String> kinds() {
    return kinds;
  }

  List<Region> regions(String kind) {
    return regions.get(kind);
  }
}
