// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to INIT ({@code struct fuse_init_out}). */
public final class InitOut {
  public static final int MAJOR = 0;
  public static final int MINOR = 4;
  public static final int MAX_READAHEAD = 8;
  public static final int FLAGS = 12;
  public static final int MAX_BACKGROUND = 16;
  public static final int CONGESTION_THRESHOLD = 18;
  public static final int MAX_WRITE = 20;
  public static final int TIME_GRANULARITY = 24;
  public static final int MAX_PAGES = 28;
  public static final int MAP_ALIGNMENT = 30;
  public static final int FLAGS2 = 32;
  public static final int MAX_STACK_DEPTH = 36;

  public static final int BYTES = 64;

  private InitOut() {}
}
