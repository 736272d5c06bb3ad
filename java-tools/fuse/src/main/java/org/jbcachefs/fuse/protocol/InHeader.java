// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The header of every request ({@code struct fuse_in_header}). */
public final class InHeader {
  public static final int LENGTH = 0;
  public static final int OPCODE = 4;
  public static final int UNIQUE = 8;
  public static final int NODE = 16;
  public static final int UID = 24;
  public static final int GID = 28;
  public static final int PID = 32;

  public static final int BYTES = 40;

  private InHeader() {}
}
