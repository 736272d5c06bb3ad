// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * An entry of an old LRU btree; today {@code set} keys are used. Source: {@code struct bch_lru}.
 *
 * @param index bucket
 */
public record Lru(long index, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_INDEX = 0;

  public static Lru decode(Bkey key) {
    return new Lru(Shape.u64(key, OFFSET_INDEX), Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_INDEX, index);
  }
}
