// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.engine.snapshots.SnapshotTable;

/**
 * The snapshots that have keys at one position, met in ascending order: whoever is among them hides
 * what its ancestors have there. Allocates nothing per key.
 */
final class Seen {
  private final SnapshotTable snapshots;
  private long inode;
  private long offset;
  private int[] ids = new int[16];
  private int count;

  Seen(SnapshotTable snapshots) {
    this.snapshots = snapshots;
  }

  /** A key at that position is met; its own id is seen from now on. */
  void update(long newInode, long newOffset, int snapshot) {
    if (newInode != inode || newOffset != offset) {
      inode = newInode;
      offset = newOffset;
      count = 0;
    }
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
    }
    ids[count++] = snapshot;
  }

  int count() {
    return count;
  }

  int id(int index) {
    return ids[index];
  }

  /** Copies the ids to an array, which is replaced if it is too short. */
  int[] copyTo(int[] into) {
    int[] copy = into.length < count ? new int[ids.length] : into;
    System.arraycopy(ids, 0, copy, 0, count);
    return copy;
  }

  /** Whether a key in snapshot {@code ancestor} at this position is visible in {@code id}. */
  boolean visible(int id, int ancestor) {
    return visible(snapshots, ids, count, id, ancestor);
  }

  /** The same with other ids that were seen, all of them met before {@code ancestor} or it. */
  static boolean visible(SnapshotTable snapshots, int[] ids, int count, int id, int ancestor) {
    if (id == ancestor) {
      return true;
    }
    if (!snapshots.isAncestor(id, ancestor)) {
      return false;
    }
    for (int i = count - 1; i >= 0; i--) {
      if (ids[i] != ancestor && snapshots.isAncestor(id, ids[i])) {
        return false;
      }
    }
    return true;
  }
}
