// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import static java.lang.Integer.compareUnsigned;
import static java.lang.Integer.toUnsignedLong;

import org.jbcachefs.format.bkey.Bkey;

/** What must hold of snapshot nodes and subvolumes by themselves. */
final class SnapshotChecks {
  private SnapshotChecks() {}

  static Problem subvolume(Bkey key) {
    boolean position =
        key.inode() == 0 && key.offset() >= Subvolume.ROOT && key.offset() <= Integer.MAX_VALUE;
    if (!position) {
      return new Problem("subvol_pos_bad", "invalid pos");
    }
    if (Shape.u32(key, Subvolume.OFFSET_SNAPSHOT) == 0) {
      return new Problem("subvol_snapshot_bad", "invalid snapshot");
    }
    if (Shape.u64(key, Subvolume.OFFSET_INODE) == 0) {
      return new Problem("subvol_inode_bad", "invalid inode");
    }
    return ValueChecks.expect(
        Shape.u32(key, Subvolume.OFFSET_STATE + Integer.BYTES) == 0,
        "subvol_pad_nonzero",
        "reserved pad field nonzero");
  }

  static Problem snapshot(Bkey key) {
    if (!ValueChecks.isSnapshotPosition(key)) {
      return new Problem("snapshot_pos_bad", "bad pos");
    }
    Snapshot node = Snapshot.decode(key);
    if (node.parent() != 0 && toUnsignedLong(node.parent()) <= key.offset()) {
      return new Problem("snapshot_parent_bad", "bad parent node");
    }
    if (compareUnsigned(node.child0(), node.child1()) < 0) {
      return new Problem("snapshot_children_not_normalized", "children not normalized");
    }
    if (node.child0() != 0 && node.child0() == node.child1()) {
      return new Problem("snapshot_child_duplicate", "duplicate child nodes");
    }
    if (toUnsignedLong(node.child0()) >= key.offset()) {
      return new Problem("snapshot_child_bad", "bad child node");
    }
    Problem skips = key.valueBytes() > Snapshot.OFFSET_SKIP ? skipList(node) : null;
    boolean padded = Shape.u32(key, Snapshot.OFFSET_STATE + Integer.BYTES) != 0;
    return skips == null && padded
        ? new Problem("snapshot_pad_nonzero", "reserved pad field nonzero")
        : skips;
  }

  private static Problem skipList(Snapshot node) {
    boolean ascends =
        compareUnsigned(node.skip0(), node.skip1()) <= 0
            && compareUnsigned(node.skip1(), node.skip2()) <= 0;
    if (!ascends) {
      return new Problem("snapshot_skiplist_not_normalized", "skiplist not normalized");
    }
    return isBad(node, node.skip0()) || isBad(node, node.skip1()) || isBad(node, node.skip2())
        ? new Problem("snapshot_skiplist_bad", "bad skiplist node")
        : null;
  }

  private static boolean isBad(Snapshot node, int skip) {
    return skip != 0 && compareUnsigned(skip, node.parent()) < 0;
  }
}
