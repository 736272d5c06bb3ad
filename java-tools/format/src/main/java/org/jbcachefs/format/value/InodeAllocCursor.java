// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Where to look for the next free inode number of a shard. Source: {@code struct
 * bch_inode_alloc_cursor}.
 *
 * @param bits of the shard
 * @param generation for the next inode made
 * @param index the next number to try
 */
public record InodeAllocCursor(int bits, int generation, long index, Shape shape) implements Value {
  public static final int BYTES = 16;
  public static final int OFFSET_BITS = 0;
  public static final int OFFSET_GENERATION = 4;
  public static final int OFFSET_INDEX = 8;

  public static InodeAllocCursor decode(Bkey key) {
    return new InodeAllocCursor(
        Shape.u8(key, OFFSET_BITS),
        Shape.u32(key, OFFSET_GENERATION),
        Shape.u64(key, OFFSET_INDEX),
        Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU8(out, at, OFFSET_BITS, bits);
    shape.putU32(out, at, OFFSET_GENERATION, generation);
    shape.putU64(out, at, OFFSET_INDEX, index);
  }
}
