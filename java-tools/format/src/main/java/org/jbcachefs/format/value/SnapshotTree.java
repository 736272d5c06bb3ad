// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A tree of snapshots. Source: {@code struct bch_snapshot_tree}.
 *
 * @param masterSubvolume the subvolume that the others were made from; 0 if it is gone
 * @param rootSnapshot the tree's root
 */
public record SnapshotTree(int masterSubvolume, int rootSnapshot, Shape shape) implements Value {
  public static final int BYTES = 8;
  public static final int OFFSET_MASTER_SUBVOL = 0;
  public static final int OFFSET_ROOT_SNAPSHOT = 4;

  public static SnapshotTree decode(Bkey key) {
    return new SnapshotTree(
        Shape.u32(key, OFFSET_MASTER_SUBVOL), Shape.u32(key, OFFSET_ROOT_SNAPSHOT), Shape.of(key));
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_MASTER_SUBVOL, masterSubvolume);
    shape.putU32(out, at, OFFSET_ROOT_SNAPSHOT, rootSnapshot);
  }
}
