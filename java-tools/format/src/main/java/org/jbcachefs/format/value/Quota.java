// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Limits of a user, group or project: the key is (type, id). 0 is no limit. Source: {@code struct
 * bch_quota}.
 *
 * @param spaceHard sectors
 * @param spaceSoft sectors
 */
public record Quota(long spaceHard, long spaceSoft, long inodesHard, long inodesSoft, Shape shape)
    implements Value {
  public static final int BYTES = 32;
  public static final int OFFSET_SPACE_HARD = 0;
  public static final int OFFSET_SPACE_SOFT = 8;
  public static final int OFFSET_INODES_HARD = 16;
  public static final int OFFSET_INODES_SOFT = 24;

  public static Quota decode(Bkey key) {
    return new Quota(
        Shape.u64(key, OFFSET_SPACE_HARD),
        Shape.u64(key, OFFSET_SPACE_SOFT),
        Shape.u64(key, OFFSET_INODES_HARD),
        Shape.u64(key, OFFSET_INODES_SOFT),
        Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_SPACE_HARD, spaceHard);
    shape.putU64(out, at, OFFSET_SPACE_SOFT, spaceSoft);
    shape.putU64(out, at, OFFSET_INODES_HARD, inodesHard);
    shape.putU64(out, at, OFFSET_INODES_SOFT, inodesSoft);
  }
}
