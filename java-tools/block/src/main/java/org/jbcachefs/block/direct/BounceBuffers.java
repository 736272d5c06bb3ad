// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;
import org.jbcachefs.block.IoQueue;

/**
 * Aligned native memory for data whose own memory cannot be transferred to or from: heap segments
 * and crooked addresses. Kept for the next time, a few of them. Thread-safe.
 */
final class BounceBuffers {
  static final int BYTES = 256 << 10;
  private static final int KEPT = 8;

  private final ArrayBlockingQueue<MemorySegment> kept = new ArrayBlockingQueue<>(KEPT);

  MemorySegment take() {
    MemorySegment buffer = kept.poll();
    return buffer != null ? buffer : Arena.ofAuto().allocate(BYTES, IoQueue.ENOUGH_ALIGNMENT);
  }

  void giveBack(MemorySegment buffer) {
    if (!kept.offer(buffer)) {
      // The garbage collector frees what is not kept.
      return;
    }
  }
}
