// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * The arguments of RENAME ({@code struct fuse_rename_in}) and RENAME2 ({@code struct
 * fuse_rename2_in}); the old and the new name follow.
 */
public final class RenameIn {
  /** The node of the directory that gets the new name. */
  public static final int DIRECTORY = 0;

  /** RENAME_* of rename(2); RENAME has none. */
  public static final int FLAGS = 8;

  public static final int BYTES = 8;
  public static final int BYTES2 = 16;

  private RenameIn() {}
}
