// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

/** Exit codes of mount(8). */
final class MountExit {
  static final int DONE = 0;

  /** Wrong words on the command line, or not permitted. */
  static final int USAGE = 1;

  /** The system could not do it: memory, processes, missing programs. */
  static final int SYSTEM = 2;

  /** The filesystem could not be mounted. */
  static final int FAILED = 32;

  private MountExit() {}
}
