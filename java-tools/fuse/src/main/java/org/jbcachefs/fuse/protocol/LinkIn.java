// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** The arguments of LINK ({@code struct fuse_link_in}); the new name follows. */
public final class LinkIn {
  public static final int NODE = 0;

  public static final int BYTES = 8;

  private LinkIn() {}
}
