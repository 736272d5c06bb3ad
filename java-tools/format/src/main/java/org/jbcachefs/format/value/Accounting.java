// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * The counters of an accounting key: in a btree their values, in the journal what to add to them.
 * What they count is the {@link AccountingKey}. Source: {@code struct bch_accounting}.
 */
public record Accounting(Shape shape) implements Value {
  public static Accounting decode(Bkey key) {
    return new Accounting(Shape.of(key));
  }

  /** How many counters the key under that cursor has. */
  public static int counters(Bkey key) {
    return key.valueBytes() / Long.BYTES;
  }

  /** A counter of the key under that cursor, signed; 0 beyond its end. */
  public static long counter(Bkey key, int index) {
    return Shape.u64(key, index * Long.BYTES);
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
