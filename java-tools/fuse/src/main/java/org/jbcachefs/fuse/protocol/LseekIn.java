// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of LSEEK ({@code struct fuse_lseek_in}). */
public final class LseekIn {
  public static final int HANDLE = 0;
  public static final int OFFSET = 8;
  public static final int WHENCE = 16;

  public static final int BYTES = 24;

  private LseekIn() {}
}
