// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Generations of 256 buckets; the key is (device, bucket / 256). Source: {@code struct
 * bch_bucket_gens}.
 */
public record BucketGens(Shape shape) implements Value {
  public static final int BYTES = 256;

  /** Buckets in a key. */
  public static final int COUNT = 256;

  public static BucketGens decode(Bkey key) {
    return new BucketGens(Shape.of(key));
  }

  /** Generation of a bucket by its place in the key, 0..255; 0 beyond the value's end. */
  public int generation(int index) {
    return index < shape.bytes() ? shape.original()[index] & 0xff : 0;
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
