// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/** A number in a key: a scan to do, among others. Source: {@code struct bch_cookie}. */
public record Cookie(long cookie, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_COOKIE = 0;

  public static Cookie decode(Bkey key) {
    return new Cookie(Shape.u64(key, OFFSET_COOKIE), Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_COOKIE, cookie);
  }
}
