// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of CREATE and TMPFILE ({@code struct fuse_create_in}); the name follows. */
public final class CreateIn {
  public static final int FLAGS = 0;
  public static final int MODE = 4;
  public static final int UMASK = 8;
  public static final int OPEN_FLAGS = 12;

  public static final int BYTES = 16;

  private CreateIn() {}
}
