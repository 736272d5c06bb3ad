// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * What is left of a deleted inode, so that its number comes back with a higher generation. Source:
 * {@code struct bch_inode_generation}.
 */
public record InodeGeneration(int generation, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_GENERATION = 0;

  public static InodeGeneration decode(Bkey key) {
    return new InodeGeneration(Shape.u32(key, OFFSET_GENERATION), Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_GENERATION, generation);
  }
}
