// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Loads and stores in the machine's byte order, at any alignment. */
public final class Wire {
  private Wire() {}

  public static int u16(MemorySegment segment, long offset) {
    return Short.toUnsignedInt(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
  }

  public static int u32(MemorySegment segment, long offset) {
    return segment.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
  }

  public static long u64(MemorySegment segment, long offset) {
    return segment.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }

  public static void u16(MemorySegment segment, long offset, int value) {
    segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
  }

  public static void u32(MemorySegment segment, long offset, int value) {
    segment.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
  }

  public static void u64(MemorySegment segment, long offset, long value) {
    segment.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
  }

  public static void bytes(MemorySegment segment, long offset, byte[] bytes) {
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
  }
}
