// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.List;
import org.jbcachefs.cli.testing.Outside;

/** Lets tests of other packages run a command line. */
public final class CommandRunner {
  private CommandRunner() {}

  public static int run(Outside outside, List<String> words) {
    return new Dispatcher(outside.surroundings()).run(words);
  }
}
