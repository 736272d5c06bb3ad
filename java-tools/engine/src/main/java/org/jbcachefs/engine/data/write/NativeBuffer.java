// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory, aligned for direct I/O, replaced by a larger piece when it has to be. */
public final class NativeBuffer {
  private static final int ALIGNMENT = 4096;
  private static final int LEAST = 64 << 10;

  private MemorySegment segment = MemorySegment.NULL;

  /** At least that many bytes; their content is undefined. */
  public MemorySegment atLeast(long bytes) {
    if (segment.byteSize() < bytes) {
      long size = Math.max(LEAST, Long.highestOneBit(Math.max(1, bytes - 1)) << 1);
      segment = Arena.ofAuto().allocate(size, ALIGNMENT);
    }
    return segment;
  }
}
