// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of GETATTR ({@code struct fuse_getattr_in}). */
public final class GetattrIn {
  public static final int FLAGS = 0;
  public static final int HANDLE = 8;

  public static final int BYTES = 16;

  private GetattrIn() {}
}
