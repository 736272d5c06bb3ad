// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of COPY_FILE_RANGE ({@code struct fuse_copy_file_range_in}). */
public final class CopyRangeIn {
  public static final int HANDLE = 0;
  public static final int OFFSET = 8;
  public static final int TARGET_NODE = 16;
  public static final int TARGET_HANDLE = 24;
  public static final int TARGET_OFFSET = 32;
  public static final int LENGTH = 40;
  public static final int FLAGS = 48;

  public static final int BYTES = 56;

  private CopyRangeIn() {}
}
