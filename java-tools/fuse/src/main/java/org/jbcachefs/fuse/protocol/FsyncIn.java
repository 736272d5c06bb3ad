// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of FSYNC and FSYNCDIR ({@code struct fuse_fsync_in}). */
public final class FsyncIn {
  public static final int HANDLE = 0;
  public static final int FLAGS = 8;

  public static final int BYTES = 16;

  private FsyncIn() {}
}
