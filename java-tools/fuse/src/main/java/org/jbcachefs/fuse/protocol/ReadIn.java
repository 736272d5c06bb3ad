// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of READ, READDIR and READDIRPLUS ({@code struct fuse_read_in}). */
public final class ReadIn {
  public static final int HANDLE = 0;
  public static final int OFFSET = 8;
  public static final int SIZE = 16;
  public static final int FLAGS = 32;

  public static final int BYTES = 40;

  private ReadIn() {}
}
