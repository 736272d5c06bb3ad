// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.BlockDevice;

/**
 * A window on one bucket at a time, moved forward as the bucket is read. Its memory stays below
 * {@link #CAPACITY_MAX}, however long buckets and entries claim to be. Belongs to one thread.
 */
final class BucketBuffer {
  /** Longer entries do not exist: four times what writers make. */
  static final long CAPACITY_MAX = 16L << 20;

  private static final long READ_BYTES = 1L << 20;

  private final BlockDevice device;
  private Arena arena = Arena.ofShared();
  private MemorySegment memory = MemorySegment.NULL;
  private long bucketStart;
  private long bucketBytes;
  private long windowStart;
  private long windowBytes;

  BucketBuffer(BlockDevice device) {
    this.device = device;
  }

  /** Turns to the bucket that begins at that byte of the device. */
  void bucket(long start, long bytes) {
    bucketStart = start;
    bucketBytes = bytes;
    windowStart = 0;
    windowBytes = 0;
  }

  /**
   * Makes a range of the bucket available; returns where in {@link #memory} it begins. The range
   * lies in the bucket and is at most {@link #CAPACITY_MAX} long.
   */
  long load(long offset, long bytes) {
    return load(offset, bytes, READ_BYTES);
  }

  /** The same for a range that is wanted alone. */
  long loadAlone(long offset, long bytes) {
    return load(offset, bytes, bytes);
  }

  private long load(long offset, long bytes, long readBytes) {
    if (offset < windowStart || offset + bytes > windowStart + windowBytes) {
      long want = Math.min(Math.max(bytes, readBytes), bucketBytes - offset);
      reserve(want);
      windowBytes = 0;
      device.read(bucketStart + offset, memory.asSlice(0, want));
      windowStart = offset;
      windowBytes = want;
    }
    return offset - windowStart;
  }

  /** What was loaded, from that offset on. */
  MemorySegment memory(long at) {
    return memory.asSlice(at);
  }

  private void reserve(long bytes) {
    if (memory.byteSize() < bytes) {
      arena.close();
      arena = Arena.ofShared();
      memory = arena.allocate(Math.min(Long.highestOneBit(2 * bytes - 1), CAPACITY_MAX), 8);
    }
  }

  void close() {
    arena.close();
  }
}
