// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Native memory that nodes are made in before they are written, each as long as a node and aligned
 * for direct I/O: as many as are used at a time, again and again. Thread-safe.
 */
final class NodeBuffers {
  private static final int ALIGNMENT = 4096;
  private static final int SECTOR_BYTES = 512;

  private final long bytes;
  private final Deque<MemorySegment> free = new ArrayDeque<>();

  /**
   * @param nodeSectors length of a node, in sectors of 512 bytes
   */
  NodeBuffers(int nodeSectors) {
    this.bytes = (long) nodeSectors * SECTOR_BYTES;
  }

  /** Memory for one node, whose content is undefined, until it is {@link #give given} back. */
  synchronized MemorySegment take() {
    MemorySegment buffer = free.pollFirst();
    return buffer != null ? buffer : Arena.ofAuto().allocate(bytes, ALIGNMENT);
  }

  /** Nobody uses it any more. */
  synchronized void give(MemorySegment buffer) {
    free.addFirst(buffer);
  }
}
