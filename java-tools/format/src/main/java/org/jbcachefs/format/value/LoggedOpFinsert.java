// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * An insertion or removal of a file range under way. Source: {@code struct bch_logged_op_finsert}.
 *
 * @param state 0 start, 1 shifting extents, 2 finishing
 * @param dstOffset in sectors
 * @param srcOffset in sectors
 * @param position how far the shifting has come, in sectors
 */
public record LoggedOpFinsert(
    int state,
    int subvolume,
    long inode,
    long dstOffset,
    long srcOffset,
    long position,
    Shape shape)
    implements Value {
  public static final int BYTES = 40;
  public static final int OFFSET_STATE = 0;
  public static final int OFFSET_SUBVOLUME = 4;
  public static final int OFFSET_INODE = 8;
  public static final int OFFSET_DST_OFFSET = 16;
  public static final int OFFSET_SRC_OFFSET = 24;
  public static final int OFFSET_POSITION = 32;

  public static LoggedOpFinsert decode(Bkey key) {
    return new LoggedOpFinsert(
        Shape.u8(key, OFFSET_STATE),
        Shape.u32(key, OFFSET_SUBVOLUME),
        Shape.u64(key, OFFSET_INODE),
        Shape.u64(key, OFFSET_DST_OFFSET),
        Shape.u64(key, OFFSET_SRC_OFFSET),
        Shape.u64(key, OFFSET_POSITION),
        Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU8(out, at, OFFSET_STATE, state);
    shape.putU32(out, at, OFFSET_SUBVOLUME, subvolume);
    shape.putU64(out, at, OFFSET_INODE, inode);
    shape.putU64(out, at, OFFSET_DST_OFFSET, dstOffset);
    shape.putU64(out, at, OFFSET_SRC_OFFSET, srcOffset);
    shape.putU64(out, at, OFFSET_POSITION, position);
  }
}
