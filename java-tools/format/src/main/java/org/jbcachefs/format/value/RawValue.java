// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A value kept as it is: of a type that is unknown, that has no value, or whose entries are read by
 * {@code format.extent} where they lie.
 */
public record RawValue(Shape shape) implements Value {
  public static RawValue decode(Bkey key) {
    return new RawValue(Shape.of(key));
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
