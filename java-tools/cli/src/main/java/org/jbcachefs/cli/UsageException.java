// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

/** The command line makes no sense; ends with {@link ExitCode#USAGE}. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UsageException(String what) {
    super(what);
  }
}
