// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to OPEN, and the end of those to CREATE and TMPFILE ({@code struct fuse_open_out}). */
public final class OpenOut {
  public static final int HANDLE = 0;
  public static final int FLAGS = 8;

  public static final int BYTES = 16;

  /** In {@link #FLAGS}: what is cached of the file stays. */
  public static final int KEEP_CACHE = 1 << 1;

  /** In {@link #FLAGS}: direct writes of one file may come side by side. */
  public static final int PARALLEL_DIRECT_WRITES = 1 << 6;

  private OpenOut() {}
}
