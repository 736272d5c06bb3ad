// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.List;
import org.jbcachefs.cli.testing.Outside;

/** Runs the program's command line for tests of other packages. */
public final class CommandLineUse {
  private CommandLineUse() {}

  /** Runs a command; what it printed is in {@code outside}. */
  public static int run(Outside outside, String... words) {
    return new Dispatcher(outside.surroundings()).run(List.of(words));
  }
}
