// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/**
 * One command. Its annotated fields hold what picocli parsed; an instance serves one invocation.
 */
public interface CliCommand {
  /**
   * Does the work and returns one of {@link ExitCode}. Exceptions of the format's family and
   * IOException are rendered by the caller and end with {@link #failureCode}.
   */
  int run(Invocation invocation) throws IOException;

  /** Adds options that come from a table, beside those of annotated fields. */
  default void addOptions(CommandSpec spec) {}

  /** The arguments in the form in which options are declared. */
  default List<String> prepared(List<String> arguments) {
    return arguments;
  }

  /** The exit code for a command line that makes no sense. */
  default int usageCode() {
    return ExitCode.USAGE;
  }

  /** The exit code when an exception ended it. */
  default int failureCode() {
    return ExitCode.FAILED;
  }

  /** Whether {@code --io} is offered: the command opens devices through the invocation. */
  default boolean opensDevices() {
    return true;
  }

  /** Whether {@code --json} is offered. */
  default boolean offersJson() {
    return true;
  }
}
