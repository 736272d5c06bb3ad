// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Space promised to a file range; reads as zeros. Source: {@code struct bch_reservation}.
 *
 * @param generation of the reservation
 * @param replicas how many copies were promised
 */
public record Reservation(int generation, int replicas, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_GENERATION = 0;
  public static final int OFFSET_REPLICAS = 4;

  public static Reservation decode(Bkey key) {
    return new Reservation(
        Shape.u32(key, OFFSET_GENERATION), Shape.u8(key, OFFSET_REPLICAS), Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_GENERATION, generation);
    shape.putU8(out, at, OFFSET_REPLICAS, replicas);
  }
}
