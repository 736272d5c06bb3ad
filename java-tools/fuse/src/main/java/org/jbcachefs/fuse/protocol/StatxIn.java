// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of STATX ({@code struct fuse_statx_in}). */
public final class StatxIn {
  public static final int FLAGS = 0;
  public static final int HANDLE = 8;
  public static final int STATX_FLAGS = 16;
  public static final int MASK = 20;

  public static final int BYTES = 24;

  private StatxIn() {}
}
