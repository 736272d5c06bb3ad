// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * One entry in a reply to READDIR ({@code struct fuse_dirent}), padded to 8 bytes; in READDIRPLUS
 * an {@link EntryOut} stands before it.
 */
public final class Dirent {
  public static final int INODE = 0;

  /** Where to go on after this entry. */
  public static final int NEXT = 8;

  public static final int NAME_LENGTH = 16;
  public static final int TYPE = 20;
  public static final int NAME = 24;

  private Dirent() {}

  /** Bytes of an entry with a name of that length. */
  public static int bytes(int nameLength) {
    return (NAME + nameLength + 7) & ~7;
  }
}
