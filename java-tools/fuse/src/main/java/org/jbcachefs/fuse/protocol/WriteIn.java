// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of WRITE ({@code struct fuse_write_in}); the data follows. */
public final class WriteIn {
  public static final int HANDLE = 0;
  public static final int OFFSET = 8;
  public static final int SIZE = 16;
  public static final int WRITE_FLAGS = 20;
  public static final int LOCK_OWNER = 24;
  public static final int FLAGS = 32;

  public static final int BYTES = 40;

  /** In {@link #WRITE_FLAGS}: written back from the page cache, by nobody in particular. */
  public static final int CACHE = 1;

  /** In {@link #WRITE_FLAGS}: set-user-ID and set-group-ID end with this write. */
  public static final int KILL_SUIDGID = 1 << 2;

  private WriteIn() {}
}
