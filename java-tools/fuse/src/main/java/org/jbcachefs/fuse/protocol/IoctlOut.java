// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The head of the reply to IOCTL ({@code struct fuse_ioctl_out}); data follows. */
public final class IoctlOut {
  public static final int RESULT = 0;
  public static final int FLAGS = 4;

  public static final int BYTES = 16;

  private IoctlOut() {}
}
