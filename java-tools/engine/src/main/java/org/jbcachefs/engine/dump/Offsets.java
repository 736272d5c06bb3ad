// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.util.Arrays;

/** Byte offsets on a device: collected in any order, given out ascending, each once. */
final class Offsets {
  private long[] offsets = new long[64];
  private int size;

  void add(long offset) {
    if (size == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * size);
    }
    offsets[size++] = offset;
  }

  /** All of them; nothing is added afterwards. */
  long[] sorted() {
    return Arrays.stream(offsets, 0, size).sorted().distinct().toArray();
  }
}
