// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.value.Subvolume;

/**
 * The inode numbers that stat(2) shows. A FUSE mount is one device for the whole tree, while
 * bcachefs numbers inodes within each subvolume: a snapshot's files have the numbers of the files
 * they were taken from. Numbers are the same at every mount.
 *
 * <p>{@link #AS_KERNEL}: as bcachefs in the kernel shows them, but for directories outside of the
 * root subvolume, which are told apart as below. Tools that walk a tree (find, du, cp) take a
 * directory with the number of one it lies in for a loop, and would not enter a snapshot of the
 * directory that it lies in. Hard links to one file in two snapshots have one number, as in the
 * kernel, although their contents may differ.
 *
 * <p>{@link #UNIQUE}: every file outside of the root subvolume has its subvolume's (or, for a
 * snapshot without one, its snapshot's) id mixed into bits 32 and up. Two files share a number only
 * if the counters in their numbers' lower 32 bits are the same and their upper halves differ by
 * exactly what their subvolumes differ by: impossible as long as no CPU's shard of inode numbers
 * has handed out more than 2^32 and there are fewer than 2^22 subvolumes.
 */
public enum InodeNumbers {
  AS_KERNEL,
  UNIQUE;

  private static final int MIX_SHIFT = 32;

  /** The number to show for a file. */
  public long of(FileId file, boolean directory) {
    boolean apart = file.subvolume() != Subvolume.ROOT && (directory || this == UNIQUE);
    return apart ? file.inode() ^ mixedIn(file) : file.inode();
  }

  private static long mixedIn(FileId file) {
    // Snapshot ids count down from 2^32 - 1; counting them up keeps them small and their mix
    // distinct
    // from that of subvolumes by the topmost bit in use.
    return file.subvolume() != 0
        ? Integer.toUnsignedLong(file.subvolume()) << MIX_SHIFT
        : (Integer.toUnsignedLong(~file.snapshot()) | 1L << 21) << MIX_SHIFT;
  }
}
