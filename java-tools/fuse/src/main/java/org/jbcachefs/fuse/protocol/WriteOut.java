// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to WRITE and COPY_FILE_RANGE ({@code struct fuse_write_out}). */
public final class WriteOut {
  public static final int SIZE = 0;

  public static final int BYTES = 8;

  private WriteOut() {}
}
