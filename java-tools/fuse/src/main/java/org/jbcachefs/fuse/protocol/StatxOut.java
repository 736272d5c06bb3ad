// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to STATX ({@code struct fuse_statx_out}, which holds a {@code struct fuse_statx}). */
public final class StatxOut {
  public static final int VALID_SECONDS = 0;
  public static final int VALID_NANOS = 8;

  private static final int STATX = 32;

  public static final int MASK = STATX;
  public static final int BLOCK_BYTES = STATX + 4;
  public static final int ATTRIBUTES = STATX + 8;
  public static final int LINKS = STATX + 16;
  public static final int UID = STATX + 20;
  public static final int GID = STATX + 24;
  public static final int MODE = STATX + 28;
  public static final int INODE = STATX + 32;
  public static final int SIZE = STATX + 40;
  public static final int BLOCKS = STATX + 48;
  public static final int ATTRIBUTES_MASK = STATX + 56;
  public static final int ATIME = STATX + 64;
  public static final int BTIME = STATX + 80;
  public static final int CTIME = STATX + 96;
  public static final int MTIME = STATX + 112;
  public static final int DEVICE_MAJOR = STATX + 128;
  public static final int DEVICE_MINOR = STATX + 132;

  /** Within a time: seconds at 0, nanoseconds here. */
  public static final int TIME_NANOS = 8;

  public static final int BYTES = STATX + 256;

  /** STATX_BASIC_STATS and STATX_BTIME of statx(2). */
  public static final int ALL_KNOWN = 0xfff;

  public static final long IMMUTABLE = 0x10;
  public static final long APPEND = 0x20;
  public static final long NODUMP = 0x40;

  private StatxOut() {}
}
