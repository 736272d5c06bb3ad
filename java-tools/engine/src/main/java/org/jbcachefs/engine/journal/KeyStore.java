// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys copied out of journal entries, unpacked, one behind the other in large native blocks. A key
 * is named by a number of 64 bits: which block, and which word in it. Grows only; filled by one
 * thread, then read by any. The memory lives as long as any of its segments is held.
 */
final class KeyStore {
  private static final long BLOCK_BYTES = 4L << 20;
  private static final int BLOCK_SHIFT = 32;

  private final List<MemorySegment> filling = new ArrayList<>();
  private MemorySegment[] blocks = new MemorySegment[0];
  private long used = BLOCK_BYTES;

  /** Copies a key; returns its name. */
  long add(MemorySegment from, long at, int bytes) {
    if (used + bytes > BLOCK_BYTES) {
      filling.add(Arena.ofAuto().allocate(BLOCK_BYTES, 8));
      blocks = filling.toArray(MemorySegment[]::new);
      used = 0;
    }
    int block = blocks.length - 1;
    MemorySegment.copy(from, at, blocks[block], used, bytes);
    long ref = ((long) block << BLOCK_SHIFT) | (used / 8);
    used += bytes;
    return ref;
  }

  MemorySegment segment(long ref) {
    return blocks[(int) (ref >>> BLOCK_SHIFT)];
  }

  long offset(long ref) {
    return (ref & 0xffff_ffffL) * 8;
  }
}
