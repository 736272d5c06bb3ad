// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of MKDIR ({@code struct fuse_mkdir_in}); the name follows. */
public final class MkdirIn {
  public static final int MODE = 0;
  public static final int UMASK = 4;

  public static final int BYTES = 8;

  private MkdirIn() {}
}
