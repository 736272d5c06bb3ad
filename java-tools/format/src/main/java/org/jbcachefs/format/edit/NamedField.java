// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;

/**
 * A little-endian number in a run of bytes, or some bits of one.
 *
 * @param name as people write it
 * @param at byte offset
 * @param bytes width of the word that holds it: 1, 2, 4 or 8
 * @param bits which of the word's bits
 */
public record NamedField(String name, long at, int bytes, BitRange bits) {
  static NamedField u8(String name, long at) {
    return new NamedField(name, at, 1, new BitRange(0, 8));
  }

  static NamedField u16(String name, long at) {
    return new NamedField(name, at, 2, new BitRange(0, 16));
  }

  static NamedField u32(String name, long at) {
    return new NamedField(name, at, 4, new BitRange(0, 32));
  }

  static NamedField u64(String name, long at) {
    return new NamedField(name, at, 8, new BitRange(0, 64));
  }

  static NamedField bits(String name, long at, int bytes, BitRange bits) {
    return new NamedField(name, at, bytes, bits);
  }

  NamedField named(String other) {
    return new NamedField(other, at, bytes, bits);
  }

  /** Whether that many bytes hold the field. */
  boolean isWithin(long length) {
    return at >= 0 && at + bytes <= length;
  }

  public long get(MemorySegment in) {
    return bits.get(word(in));
  }

  /** Stores the low bits of a number; higher ones must be 0 or, of negative numbers, 1. */
  public void put(MemorySegment out, long value) {
    long word = bits.set(word(out), value & bits.max());
    switch (bytes) {
      case 1 -> Le.putU8(out, at, (int) word);
      case 2 -> Le.putU16(out, at, (int) word);
      case 4 -> Le.putU32(out, at, (int) word);
      default -> Le.putU64(out, at, word);
    }
  }

  /** Whether the field can take that number, negative ones as two's complement. */
  public boolean holds(long value) {
    return bits.bits() == 64
        || Long.compareUnsigned(value, bits.max()) <= 0
        || (value < 0 && value >= -(bits.max() / 2) - 1);
  }

  private long word(MemorySegment in) {
    return switch (bytes) {
      case 1 -> Le.u8(in, at);
      case 2 -> Le.u16(in, at);
      case 4 -> Integer.toUnsignedLong(Le.u32(in, at));
      default -> Le.u64(in, at);
    };
  }
}
