// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of MKNOD ({@code struct fuse_mknod_in}); the name follows. */
public final class MknodIn {
  public static final int MODE = 0;
  public static final int DEVICE = 4;
  public static final int UMASK = 8;

  public static final int BYTES = 16;

  private MknodIn() {}
}
