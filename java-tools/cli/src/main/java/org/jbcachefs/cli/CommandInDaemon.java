// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;

/** A command that somebody else's process sent to the daemon of a mounted filesystem. */
public final class CommandInDaemon {
  private CommandInDaemon() {}

  /**
   * Runs it.
   *
   * @param name its words as in the table of commands
   * @return the exit code
   */
  public static int run(
      Invocation.Surroundings surroundings, String name, List<String> arguments, MountedHere here) {
    Optional<CommandTable.Entry> entry = CommandTable.named(name);
    if (entry.isEmpty() || !(CommandTable.create(entry.get().name()) instanceof MountedCommand)) {
      surroundings.err().println("jbcachefs: '" + name + "' is no command for mounted filesystems");
      return ExitCode.USAGE;
    }
    return new CommandRun(surroundings, entry.get()).in(here).run(arguments);
  }
}
