// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import org.jbcachefs.engine.fs.FileId;

/**
 * A set of files that stays small when they are a million: 16 bytes for each slot, no objects.
 * Belongs to one thread.
 */
public final class FileIdSet {
  private static final int FIRST_SLOTS = 1 << 6;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long[] inodes = new long[FIRST_SLOTS];

  /** Subvolume in the low half, snapshot in the high one; 0 marks a free slot. */
  private long[] trees = new long[FIRST_SLOTS];

  private int size;

  /** Adds a file; false if it is there already. */
  public boolean add(FileId file) {
    if (size * 2 >= inodes.length) {
      grow();
    }
    if (!put(file.inode(), tree(file))) {
      return false;
    }
    size++;
    return true;
  }

  public int size() {
    return size;
  }

  /** Never 0; no file is of subvolume 0 and snapshot 2^31 at once. */
  private static long tree(FileId file) {
    long both = ((long) file.snapshot() << 32) | (file.subvolume() & 0xffffffffL);
    return both == 0 ? Long.MIN_VALUE : both;
  }

  private boolean put(long inode, long tree) {
    int mask = inodes.length - 1;
    int at = (int) (((inode ^ Long.rotateLeft(tree, 17)) * GOLDEN) >>> 33) & mask;
    while (trees[at] != 0) {
      if (trees[at] == tree && inodes[at] == inode) {
        return false;
      }
      at = (at + 1) & mask;
    }
    inodes[at] = inode;
    trees[at] = tree;
    return true;
  }

  private void grow() {
    long[] oldInodes = inodes;
    long[] oldTrees = trees;
    inodes = new long[oldInodes.length * 2];
    trees = new long[oldTrees.length * 2];
    for (int i = 0; i < oldTrees.length; i++) {
      if (oldTrees[i] != 0) {
        put(oldInodes[i], oldTrees[i]);
      }
    }
  }
}
