// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

/** Exit codes of fsck(8): bits. */
public final class FsckExit {
  /** Nothing is wrong. */
  public static final int CLEAN = 0;

  /** Something was wrong and was corrected. */
  public static final int CORRECTED = 1;

  /** Something is wrong and was left so. */
  public static final int UNCORRECTED = 4;

  /** It could not be checked. */
  public static final int OPERATIONAL = 8;

  /** The command line makes no sense. */
  public static final int USAGE = 16;

  private FsckExit() {}
}
