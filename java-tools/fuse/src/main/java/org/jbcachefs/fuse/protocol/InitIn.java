// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of INIT ({@code struct fuse_init_in}). */
public final class InitIn {
  public static final int MAJOR = 0;
  public static final int MINOR = 4;
  public static final int MAX_READAHEAD = 8;
  public static final int FLAGS = 12;
  public static final int FLAGS2 = 16;

  public static final int BYTES = 64;

  private InitIn() {}
}
