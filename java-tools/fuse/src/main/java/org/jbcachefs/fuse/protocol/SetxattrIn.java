// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * The arguments of SETXATTR ({@code struct fuse_setxattr_in}, the extended one); the name and the
 * value follow.
 */
public final class SetxattrIn {
  public static final int SIZE = 0;

  /** XATTR_CREATE, XATTR_REPLACE. */
  public static final int FLAGS = 4;

  public static final int SETXATTR_FLAGS = 8;

  public static final int BYTES = 16;

  /** In {@link #SETXATTR_FLAGS}: an access ACL comes from somebody outside of the file's group. */
  public static final int ACL_KILL_SGID = 1;

  private SetxattrIn() {}
}
