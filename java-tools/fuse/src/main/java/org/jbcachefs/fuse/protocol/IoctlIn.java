// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of IOCTL ({@code struct fuse_ioctl_in}). */
public final class IoctlIn {
  public static final int HANDLE = 0;
  public static final int FLAGS = 8;
  public static final int COMMAND = 12;
  public static final int ARGUMENT = 16;
  public static final int IN_SIZE = 24;
  public static final int OUT_SIZE = 28;

  public static final int BYTES = 32;

  private IoctlIn() {}
}
