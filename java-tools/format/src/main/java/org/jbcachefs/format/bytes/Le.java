// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Unaligned little-endian loads and stores. Offsets are in bytes; out of range throws
 * IndexOutOfBoundsException.
 */
public final class Le {
  public static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Le() {}

  public static int u8(MemorySegment segment, long offset) {
    return segment.get(JAVA_BYTE, offset) & 0xff;
  }

  public static int u16(MemorySegment segment, long offset) {
    return segment.get(U16, offset) & 0xffff;
  }

  /** 32 bits as the int's bit pattern; widen with {@link Integer#toUnsignedLong}. */
  public static int u32(MemorySegment segment, long offset) {
    return segment.get(U32, offset);
  }

  public static long u64(MemorySegment segment, long offset) {
    return segment.get(U64, offset);
  }

  public static void putU8(MemorySegment segment, long offset, int value) {
    segment.set(JAVA_BYTE, offset, (byte) value);
  }

  public static void putU16(MemorySegment segment, long offset, int value) {
    segment.set(U16, offset, (short) value);
  }

  public static void putU32(MemorySegment segment, long offset, int value) {
    segment.set(U32, offset, value);
  }

  public static void putU64(MemorySegment segment, long offset, long value) {
    segment.set(U64, offset, value);
  }
}
