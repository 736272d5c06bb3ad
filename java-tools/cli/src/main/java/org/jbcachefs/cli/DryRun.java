// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import picocli.CommandLine.Option;

/** {@code -n} of commands that change a mounted filesystem. */
public final class DryRun {
  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be done.")
  private boolean wanted;

  /** Whether nothing is to be changed. */
  public boolean isWanted() {
    return wanted;
  }

  /** Says it on standard output; with --json it is a remark, since it is no result. */
  public void say(Invocation invocation, String what) {
    if (invocation.out().isJson()) {
      invocation.note("would " + what);
    } else {
      invocation.out().text().println("would " + what);
    }
  }
}
