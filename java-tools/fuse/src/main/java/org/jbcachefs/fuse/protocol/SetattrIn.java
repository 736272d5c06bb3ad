// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of SETATTR ({@code struct fuse_setattr_in}). */
public final class SetattrIn {
  /** Which fields count, see below. */
  public static final int VALID = 0;

  public static final int HANDLE = 8;
  public static final int SIZE = 16;
  public static final int ATIME = 32;
  public static final int MTIME = 40;
  public static final int CTIME = 48;
  public static final int ATIME_NANOS = 56;
  public static final int MTIME_NANOS = 60;
  public static final int CTIME_NANOS = 64;
  public static final int MODE = 68;
  public static final int UID = 76;
  public static final int GID = 80;

  public static final int BYTES = 88;

  public static final int SETS_MODE = 1;
  public static final int SETS_UID = 1 << 1;
  public static final int SETS_GID = 1 << 2;
  public static final int SETS_SIZE = 1 << 3;
  public static final int SETS_ATIME = 1 << 4;
  public static final int SETS_MTIME = 1 << 5;
  public static final int ATIME_NOW = 1 << 7;
  public static final int MTIME_NOW = 1 << 8;
  public static final int SETS_CTIME = 1 << 10;
  public static final int KILL_SUIDGID = 1 << 11;

  private SetattrIn() {}
}
