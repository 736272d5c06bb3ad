// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * What the kernel offers and a server accepts in INIT, as 64 bits: {@code flags} below, {@code
 * flags2} above.
 */
public final class InitFlags {
  public static final long ASYNC_READ = 1L;
  public static final long BIG_WRITES = 1L << 5;

  /** The umask comes with each file to be made, and is not applied yet. */
  public static final long DONT_MASK = 1L << 6;

  public static final long DO_READDIRPLUS = 1L << 13;
  public static final long READDIRPLUS_AUTO = 1L << 14;
  public static final long ASYNC_DIO = 1L << 15;
  public static final long WRITEBACK_CACHE = 1L << 16;
  public static final long NO_OPEN_SUPPORT = 1L << 17;
  public static final long PARALLEL_DIROPS = 1L << 18;
  public static final long POSIX_ACL = 1L << 20;
  public static final long ABORT_ERROR = 1L << 21;
  public static final long MAX_PAGES = 1L << 22;
  public static final long CACHE_SYMLINKS = 1L << 23;
  public static final long NO_OPENDIR_SUPPORT = 1L << 24;
  public static final long EXPLICIT_INVAL_DATA = 1L << 25;
  public static final long HANDLE_KILLPRIV_V2 = 1L << 28;
  public static final long SETXATTR_EXT = 1L << 29;
  public static final long INIT_EXT = 1L << 30;
  public static final long OVER_IO_URING = 1L << 41;

  private InitFlags() {}
}
