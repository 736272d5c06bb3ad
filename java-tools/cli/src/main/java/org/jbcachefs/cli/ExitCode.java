// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

/** Exit codes of all commands but fsck and mount, which have those of fsck(8) and mount(8). */
public final class ExitCode {
  /** Done. */
  public static final int DONE = 0;

  /** Could not do it. */
  public static final int FAILED = 1;

  /** The command line makes no sense. */
  public static final int USAGE = 2;

  /** Finished, but something is damaged, unreadable or lost. */
  public static final int DAMAGE = 3;

  private ExitCode() {}
}
