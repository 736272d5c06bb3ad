// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The message that makes the kernel forget a node ({@code struct fuse_notify_inval_inode_out}). */
public final class NotifyInvalInode {
  /** FUSE_NOTIFY_INVAL_INODE, in the place of an error. */
  public static final int CODE = 2;

  public static final int NODE = 0;
  public static final int OFFSET = 8;
  public static final int LENGTH = 16;

  public static final int BYTES = 24;

  private NotifyInvalInode() {}
}
