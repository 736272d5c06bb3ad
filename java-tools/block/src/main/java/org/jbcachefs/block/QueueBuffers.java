// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;

/** What the arguments of a queue have to be like; anything else is a defect of the caller. */
public final class QueueBuffers {
  private QueueBuffers() {}

  /** The buffer itself, if it can go to or come from that device. */
  public static MemorySegment checked(MemorySegment buffer, BlockDevice device) {
    if (!buffer.isNative()) {
      throw new IllegalArgumentException("a queue takes native memory only");
    }
    if (buffer.byteSize() == 0 || buffer.byteSize() > IoQueue.MAX_BYTES) {
      throw new IllegalArgumentException(
          "a request of "
              + buffer.byteSize()
              + " bytes; 1 to "
              + IoQueue.MAX_BYTES
              + " are possible");
    }
    int alignment = device.bufferAlignment();
    if ((buffer.address() & (alignment - 1)) != 0) {
      throw new IllegalArgumentException(
          "a buffer at 0x"
              + Long.toHexString(buffer.address())
              + " is not aligned to "
              + alignment
              + " bytes");
    }
    return buffer;
  }

  /** Whether the buffer can go to all of the targets, of which there is one at least. */
  public static void check(MemorySegment buffer, CopyTargets targets) {
    if (targets.count() == 0) {
      throw new IllegalArgumentException("a write to no device");
    }
    for (int copy = 0; copy < targets.count(); copy++) {
      checked(buffer, targets.device(copy));
    }
  }

  public static void checkRange(long length) {
    if (length > IoQueue.MAX_RANGE_BYTES) {
      throw new IllegalArgumentException(
          "a range of " + length + " bytes; at most " + IoQueue.MAX_RANGE_BYTES + " are possible");
    }
  }
}
