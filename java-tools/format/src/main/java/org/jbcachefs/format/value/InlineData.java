// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;

/**
 * File data kept in the key itself, zeros following up to the key's size; in the reflink btree
 * after a reference count. Sources: {@code struct bch_inline_data}, {@code
 * bch_indirect_inline_data}.
 *
 * @param indirect whether it has a reference count
 */
public record InlineData(boolean indirect, Shape shape) implements Value {
  public static final int OFFSET_REFCOUNT = 0;
  public static final int OFFSET_INDIRECT_DATA = 8;

  public static InlineData decode(Bkey key) {
    return new InlineData(key.type() == KeyType.INDIRECT_INLINE_DATA.number(), Shape.of(key));
  }

  /** Number of references; 0 of inline data in a file. */
  public long refcount() {
    return indirect && shape.bytes() >= Long.BYTES ? Le.u64(shape.original(), OFFSET_REFCOUNT) : 0;
  }

  /** Where the data begins in the value. */
  public int dataOffset() {
    return indirect ? Math.min(OFFSET_INDIRECT_DATA, shape.bytes()) : 0;
  }

  public int dataBytes() {
    return shape.bytes() - dataOffset();
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
  }
}
