// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** What stat(2) shows ({@code struct fuse_attr}). Times are whole seconds and nanoseconds. */
public final class Attr {
  public static final int INODE = 0;
  public static final int SIZE = 8;
  public static final int BLOCKS = 16;
  public static final int ATIME = 24;
  public static final int MTIME = 32;
  public static final int CTIME = 40;
  public static final int ATIME_NANOS = 48;
  public static final int MTIME_NANOS = 52;
  public static final int CTIME_NANOS = 56;
  public static final int MODE = 60;
  public static final int LINKS = 64;
  public static final int UID = 68;
  public static final int GID = 72;
  public static final int DEVICE = 76;
  public static final int BLOCK_BYTES = 80;
  public static final int FLAGS = 84;

  public static final int BYTES = 88;

  private Attr() {}
}
