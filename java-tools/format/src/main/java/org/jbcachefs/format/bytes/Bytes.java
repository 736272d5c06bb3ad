// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bytes;

import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.UUID;

/**
 * An immutable run of bytes, for cold structures that keep what they were read from. Offsets are in
 * bytes; out of range throws IndexOutOfBoundsException. Numbers are little-endian.
 */
public final class Bytes {
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] array;
  private final MemorySegment segment;

  private Bytes(byte[] array) {
    this.array = array;
    this.segment = MemorySegment.ofArray(array).asReadOnly();
  }

  public static Bytes copyOf(byte[] source) {
    return new Bytes(source.clone());
  }

  /** Copies a range of a segment. */
  public static Bytes copyOf(MemorySegment source, long offset, long length) {
    byte[] copy = new byte[Math.toIntExact(length)];
    MemorySegment.copy(source, offset, MemorySegment.ofArray(copy), 0, length);
    return new Bytes(copy);
  }

  public int length() {
    return array.length;
  }

  /** The same bytes as a read-only segment. */
  public MemorySegment segment() {
    return segment;
  }

  public int u8(int offset) {
    return array[offset] & 0xff;
  }

  public int u16(int offset) {
    return Le.u16(array, offset);
  }

  public int u32(int offset) {
    return Le.u32(array, offset);
  }

  public long u64(int offset) {
    return Le.u64(array, offset);
  }

  /** Sixteen bytes as a UUID whose text shows them in the order they are stored. */
  public UUID uuid(int offset) {
    return new UUID(Long.reverseBytes(u64(offset)), Long.reverseBytes(u64(offset + 8)));
  }

  /** Text that ends at the first NUL or after {@code length} bytes. */
  public String text(int offset, int length, Charset charset) {
    int end = offset;
    while (end < offset + length && array[end] != 0) {
      end++;
    }
    return new String(array, offset, end - offset, charset);
  }

  public Bytes slice(int offset, int length) {
    return new Bytes(Arrays.copyOfRange(array, offset, Math.addExact(offset, length)));
  }

  /** A copy of that length: cut at the end, or filled up with zeros. */
  public Bytes resized(int length) {
    return length == array.length ? this : new Bytes(Arrays.copyOf(array, length));
  }

  public byte[] toArray() {
    return array.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(array, bytes.array);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(array);
  }

  @Override
  public String toString() {
    return array.length + " bytes";
  }
}
