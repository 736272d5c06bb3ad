// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;

/**
 * The bytes that a decoded value was read from, so that it can be encoded into the same bytes
 * again: it may be shorter than the structure known here (an older version wrote it), longer (a
 * newer one did), or have something in its padding. Fields are written over these bytes.
 *
 * @param original the whole value, a multiple of 8 bytes; never changed
 */
public record Shape(byte[] original) {
  private static final byte[] NOTHING = {};

  /** A new value as long as its structure; rounded up to whole words. */
  public static Shape of(int structureBytes) {
    return new Shape(new byte[(structureBytes + 7) & ~7]);
  }

  static Shape of(Bkey key) {
    return new Shape(bytes(key, 0, key.valueBytes()));
  }

  /** The same, at least as long as a structure of that many bytes. */
  Shape atLeast(int structureBytes) {
    int bytes = (structureBytes + 7) & ~7;
    return bytes <= original.length ? this : new Shape(Arrays.copyOf(original, bytes));
  }

  /** Length of the value. */
  public int bytes() {
    return original.length;
  }

  static byte[] bytes(Bkey key, int at, int length) {
    if (length == 0) {
      return NOTHING;
    }
    return key.segment().asSlice(key.valueOffset() + at, length).toArray(ValueLayout.JAVA_BYTE);
  }

  static void put(MemorySegment out, long at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, at, bytes.length);
  }

  /** Writes the original bytes, for fields to be written over them. */
  void begin(MemorySegment out, long at) {
    put(out, at, original);
  }

  void putU8(MemorySegment out, long at, int field, int value) {
    if (field < original.length) {
      Le.putU8(out, at + field, value);
    }
  }

  void putU32(MemorySegment out, long at, int field, int value) {
    if (field + Integer.BYTES <= original.length) {
      Le.putU32(out, at + field, value);
    }
  }

  void putU64(MemorySegment out, long at, int field, long value) {
    if (field + Long.BYTES <= original.length) {
      Le.putU64(out, at + field, value);
    }
  }

  /** A byte of the value, 0 beyond its end. */
  static int u8(Bkey key, int field) {
    return field < key.valueBytes() ? Le.u8(key.segment(), key.valueOffset() + field) : 0;
  }

  /** Two bytes of the value, 0 beyond its end. */
  static int u16(Bkey key, int field) {
    return field + Short.BYTES <= key.valueBytes()
        ? Le.u16(key.segment(), key.valueOffset() + field)
        : 0;
  }

  /** Four bytes of the value, 0 beyond its end. */
  static int u32(Bkey key, int field) {
    return field + Integer.BYTES <= key.valueBytes()
        ? Le.u32(key.segment(), key.valueOffset() + field)
        : 0;
  }

  /** Eight bytes of the value, 0 beyond its end. */
  static long u64(Bkey key, int field) {
    return field + Long.BYTES <= key.valueBytes()
        ? Le.u64(key.segment(), key.valueOffset() + field)
        : 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(shape.original, original);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(original);
  }

  @Override
  public String toString() {
    return original.length + " bytes";
  }
}
