// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A truncation under way. Source: {@code struct bch_logged_op_truncate}.
 *
 * @param newSize in bytes
 */
public record LoggedOpTruncate(int subvolume, long inode, long newSize, Shape shape)
    implements Value {
  public static final int BYTES = 24;
  public static final int OFFSET_SUBVOLUME = 0;
  public static final int OFFSET_INODE = 8;
  public static final int OFFSET_NEW_SIZE = 16;

  public static LoggedOpTruncate decode(Bkey key) {
    return new LoggedOpTruncate(
        Shape.u32(key, OFFSET_SUBVOLUME),
        Shape.u64(key, OFFSET_INODE),
        Shape.u64(key, OFFSET_NEW_SIZE),
        Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_SUBVOLUME, subvolume);
    shape.putU64(out, at, OFFSET_INODE, inode);
    shape.putU64(out, at, OFFSET_NEW_SIZE, newSize);
  }
}
