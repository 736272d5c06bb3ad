// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of FALLOCATE ({@code struct fuse_fallocate_in}). */
public final class FallocateIn {
  public static final int HANDLE = 0;
  public static final int OFFSET = 8;
  public static final int LENGTH = 16;
  public static final int MODE = 24;

  public static final int BYTES = 32;

  private FallocateIn() {}
}
