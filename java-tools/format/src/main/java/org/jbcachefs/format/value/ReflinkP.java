// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.BitRange;

/**
 * A reference from a file to an indirect extent in the reflink btree. Source: {@code struct
 * bch_reflink_p}.
 *
 * @param indexAndFlags see {@link #index}, {@link #error}, {@link #mayUpdateOptions}
 * @param frontPad sectors before the index that the reference covers
 * @param backPad sectors after the end that the reference covers
 */
public record ReflinkP(long indexAndFlags, int frontPad, int backPad, Shape shape)
    implements Value {
  public static final int BYTES = 16;
  public static final int OFFSET_INDEX_AND_FLAGS = 0;
  public static final int OFFSET_FRONT_PAD = 8;
  public static final int OFFSET_BACK_PAD = 12;

  public static ReflinkP decode(Bkey key) {
    return new ReflinkP(
        Shape.u64(key, OFFSET_INDEX_AND_FLAGS),
        Shape.u32(key, OFFSET_FRONT_PAD),
        Shape.u32(key, OFFSET_BACK_PAD),
        Shape.of(key));
  }

  public static final BitRange INDEX = new BitRange(0, 56);
  public static final BitRange ERROR = new BitRange(56, 57);
  public static final BitRange MAY_UPDATE_OPTIONS = new BitRange(57, 58);

  /** First sector in the reflink btree. */
  public long index() {
    return INDEX.get(indexAndFlags);
  }

  /** The indirect extent is missing. */
  public boolean error() {
    return ERROR.isSet(indexAndFlags);
  }

  public boolean mayUpdateOptions() {
    return MAY_UPDATE_OPTIONS.isSet(indexAndFlags);
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_INDEX_AND_FLAGS, indexAndFlags);
    shape.putU32(out, at, OFFSET_FRONT_PAD, frontPad);
    shape.putU32(out, at, OFFSET_BACK_PAD, backPad);
  }
}
