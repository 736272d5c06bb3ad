// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Moving the extents of an old stripe to a new one. Source: {@code struct
 * bch_logged_op_stripe_update}.
 *
 * @param oldIndex of the old stripe
 * @param newIndex of the new stripe
 * @param oldBlocks how many blocks of the old one are taken over
 */
public record LoggedOpStripeUpdate(long oldIndex, long newIndex, int oldBlocks, Shape shape)
    implements Value {
  public static final int BYTES = 40;
  public static final int OFFSET_OLD_IDX = 0;
  public static final int OFFSET_NEW_IDX = 8;
  public static final int OFFSET_OLD_BLOCKS_NR = 16;
  public static final int OFFSET_OLD_BLOCK_MAP = 17;
  public static final int MAX_BLOCKS = 16;

  public static LoggedOpStripeUpdate decode(Bkey key) {
    return new LoggedOpStripeUpdate(
        Shape.u64(key, OFFSET_OLD_IDX),
        Shape.u64(key, OFFSET_NEW_IDX),
        Shape.u8(key, OFFSET_OLD_BLOCKS_NR),
        Shape.of(key));
  }

  /** Which block of the old stripe became that one of the new. */
  public int oldBlock(int block) {
    int at = OFFSET_OLD_BLOCK_MAP + block;
    return block < MAX_BLOCKS && at < shape.bytes() ? shape.original()[at] & 0xff : 0;
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_OLD_IDX, oldIndex);
    shape.putU64(out, at, OFFSET_NEW_IDX, newIndex);
    shape.putU8(out, at, OFFSET_OLD_BLOCKS_NR, oldBlocks);
  }
}
