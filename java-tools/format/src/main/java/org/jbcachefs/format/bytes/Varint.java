// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

import java.lang.foreign.MemorySegment;

/**
 * The format's variable-length integers: the number of low one bits of the first byte, plus one, is
 * the length in bytes; the rest of those bytes, little-endian, is the value. A first byte of 0xff
 * is followed by all eight bytes of the value. Source: {@code bch2_varint_encode}.
 */
public final class Varint {
  /** The longest encoding. */
  public static final int MAX_BYTES = 9;

  private Varint() {}

  /** Length of the varint at that byte, or -1 if it would pass {@code end}. */
  public static int length(MemorySegment segment, long at, long end) {
    if (at >= end) {
      return -1;
    }
    int bytes = Integer.numberOfTrailingZeros(~Le.u8(segment, at)) + 1;
    return at + bytes > end ? -1 : bytes;
  }

  /** Length of the varint that the lowest byte of that word begins. */
  public static int lengthOf(long word) {
    return Math.min(Long.numberOfTrailingZeros(~word) + 1, MAX_BYTES);
  }

  /** Value of the varint in the lowest bytes of that word, eight at most. */
  public static long valueOf(long word, int length) {
    return (word & -1L >>> (Long.SIZE - Byte.SIZE * length)) >>> length;
  }

  /** Value of the varint at that byte, whose {@link #length} is known. */
  public static long value(MemorySegment segment, long at, int length) {
    if (length == MAX_BYTES) {
      return Le.u64(segment, at + 1);
    }
    if (at + Long.BYTES <= segment.byteSize()) {
      return valueOf(Le.u64(segment, at), length);
    }
    long value = 0;
    for (int i = length - 1; i >= 0; i--) {
      value = value << 8 | Le.u8(segment, at + i);
    }
    return value >>> length;
  }

  /** How many bytes that value takes. */
  public static int encodedLength(long value) {
    int bits = 64 - Long.numberOfLeadingZeros(value | 1);
    return Math.min((bits + 6) / 7, MAX_BYTES);
  }

  /** Writes the value and returns its length in bytes. */
  public static int encode(MemorySegment segment, long at, long value) {
    int bytes = encodedLength(value);
    if (bytes == MAX_BYTES) {
      Le.putU8(segment, at, 0xff);
      Le.putU64(segment, at + 1, value);
      return bytes;
    }
    long word = value << bytes | ((1L << (bytes - 1)) - 1);
    for (int i = 0; i < bytes; i++) {
      Le.putU8(segment, at + i, (int) (word >>> (8 * i)));
    }
    return bytes;
  }
}
