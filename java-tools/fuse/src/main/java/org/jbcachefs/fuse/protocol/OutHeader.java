// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The header of every reply ({@code struct fuse_out_header}). */
public final class OutHeader {
  public static final int LENGTH = 0;
  public static final int ERROR = 4;
  public static final int UNIQUE = 8;

  public static final int BYTES = 16;

  private OutHeader() {}
}
