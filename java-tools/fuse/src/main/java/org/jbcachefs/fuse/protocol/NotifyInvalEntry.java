// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * The message that makes the kernel forget a name ({@code struct fuse_notify_inval_entry_out}); the
 * name follows, with a NUL.
 */
public final class NotifyInvalEntry {
  /** FUSE_NOTIFY_INVAL_ENTRY, in the place of an error. */
  public static final int CODE = 3;

  public static final int DIRECTORY = 0;
  public static final int NAME_LENGTH = 8;

  public static final int BYTES = 16;

  private NotifyInvalEntry() {}
}
