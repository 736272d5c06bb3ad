// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to STATFS ({@code struct fuse_kstatfs}). */
public final class StatfsOut {
  public static final int BLOCKS = 0;
  public static final int FREE = 8;
  public static final int AVAILABLE = 16;
  public static final int FILES = 24;
  public static final int FILES_FREE = 32;
  public static final int BLOCK_BYTES = 40;
  public static final int NAME_MAX = 44;
  public static final int FRAGMENT_BYTES = 48;

  public static final int BYTES = 80;

  private StatfsOut() {}
}
