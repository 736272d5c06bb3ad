// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The reply to LOOKUP ({@code struct fuse_entry_out}); node 0 says that there is no such name. */
public final class EntryOut {
  public static final int NODE = 0;
  public static final int GENERATION = 8;
  public static final int ENTRY_SECONDS = 16;
  public static final int ATTR_SECONDS = 24;
  public static final int ENTRY_NANOS = 32;
  public static final int ATTR_NANOS = 36;
  public static final int ATTR = 40;

  public static final int BYTES = ATTR + Attr.BYTES;

  private EntryOut() {}
}
