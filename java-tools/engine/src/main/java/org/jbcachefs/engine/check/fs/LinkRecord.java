// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

/**
 * How a directory entry is noted down to be sorted by what it leads to. After it come records of
 * the snapshots that hide it, two in each.
 *
 * <pre>
 *   long 0  the inode that it leads to, as an unsigned number
 *   long 1  the directory
 *   long 2  its offset
 *   long 3  its snapshot (high 32 bits), 0 or the number of the record of those that hide it
 *   long 4  bits 0-7 type, 8-23 greatest depth of the directory, 24 directory lacks the flag for
 *           casefolded ones below, 32-63 child subvolume; or two snapshots that hide it
 * </pre>
 */
final class LinkRecord {
  static final int LONGS = 5;
  static final int KEY_LONGS = 4;
  static final int TARGET = 0;
  static final int DIRECTORY = 1;
  static final int OFFSET = 2;
  static final int SNAPSHOT = 3;
  static final int INFO = 4;

  private static final int DEPTH_SHIFT = 8;
  private static final long DEPTH_MAX = 0xffff;
  private static final int UNMARKED_SHIFT = 24;

  private LinkRecord() {}

  static long info(int type, long depth, boolean unmarked, int childSubvolume) {
    return type
        | Math.min(depth, DEPTH_MAX) << DEPTH_SHIFT
        | (unmarked ? 1L << UNMARKED_SHIFT : 0)
        | Integer.toUnsignedLong(childSubvolume) << 32;
  }

  static long snapshot(int id, int number) {
    return Integer.toUnsignedLong(id) << 32 | number;
  }

  static long hiders(int first, int second) {
    return Integer.toUnsignedLong(first) << 32 | Integer.toUnsignedLong(second);
  }

  static int type(long info) {
    return (int) info & 0xff;
  }

  /** Saturated: deeper ones are as deep as that. */
  static long depth(long info) {
    return info >>> DEPTH_SHIFT & DEPTH_MAX;
  }

  static boolean deepest(long depth) {
    return depth >= DEPTH_MAX;
  }

  static boolean unmarked(long info) {
    return (info >>> UNMARKED_SHIFT & 1) != 0;
  }

  static int childSubvolume(long info) {
    return (int) (info >>> 32);
  }
}
