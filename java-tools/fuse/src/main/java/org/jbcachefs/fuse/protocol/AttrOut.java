// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/**
 * The reply to GETATTR ({@code struct fuse_attr_out}): how long it may be kept, then {@link Attr}.
 */
public final class AttrOut {
  public static final int VALID_SECONDS = 0;
  public static final int VALID_NANOS = 8;
  public static final int ATTR = 16;

  public static final int BYTES = ATTR + Attr.BYTES;

  private AttrOut() {}
}
