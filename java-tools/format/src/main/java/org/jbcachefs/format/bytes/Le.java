// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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

  // Handles of their own: they are constants wherever the compiler ends inlining.
  private static final VarHandle SEGMENT_U8 = JAVA_BYTE.varHandle();
  private static final VarHandle SEGMENT_U16 = U16.varHandle();
  private static final VarHandle SEGMENT_U32 = U32.varHandle();
  private static final VarHandle SEGMENT_U64 = U64.varHandle();

  private static final VarHandle ARRAY_U16 = view(short[].class);
  private static final VarHandle ARRAY_U32 = view(int[].class);
  private static final VarHandle ARRAY_U64 = view(long[].class);

  private Le() {}

  private static VarHandle view(Class<?> type) {
    return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.LITTLE_ENDIAN);
  }

  // Arrays of bytes have accessors of their own: where a third kind of segment, besides native
  // memory and arrays of longs, is seen by the compiler, it makes all access to segments slow.

  public static int u16(byte[] array, int offset) {
    return (short) ARRAY_U16.get(array, offset) & 0xffff;
  }

  /** 32 bits as the int's bit pattern. */
  public static int u32(byte[] array, int offset) {
    return (int) ARRAY_U32.get(array, offset);
  }

  public static long u64(byte[] array, int offset) {
    return (long) ARRAY_U64.get(array, offset);
  }

  public static void putU32(byte[] array, int offset, int value) {
    ARRAY_U32.set(array, offset, value);
  }

  public static void putU64(byte[] array, int offset, long value) {
    ARRAY_U64.set(array, offset, value);
  }

  public static int u8(MemorySegment segment, long offset) {
    return (byte) SEGMENT_U8.get(segment, offset) & 0xff;
  }

  public static int u16(MemorySegment segment, long offset) {
    return (short) SEGMENT_U16.get(segment, offset) & 0xffff;
  }

  /** 32 bits as the int's bit pattern; widen with {@link Integer#toUnsignedLong}. */
  public static int u32(MemorySegment segment, long offset) {
    return (int) SEGMENT_U32.get(segment, offset);
  }

  public static long u64(MemorySegment segment, long offset) {
    return (long) SEGMENT_U64.get(segment, offset);
  }

  public static void putU8(MemorySegment segment, long offset, int value) {
    SEGMENT_U8.set(segment, offset, (byte) value);
  }

  public static void putU16(MemorySegment segment, long offset, int value) {
    SEGMENT_U16.set(segment, offset, (short) value);
  }

  public static void putU32(MemorySegment segment, long offset, int value) {
    SEGMENT_U32.set(segment, offset, value);
  }

  public static void putU64(MemorySegment segment, long offset, long value) {
    SEGMENT_U64.set(segment, offset, value);
  }
}
