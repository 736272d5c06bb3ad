// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import picocli.CommandLine.Command;

/** {@code version} with options; without any the dispatcher answers by itself, faster. */
@Command(
    name = "version",
    description = "Prints the version of jbcachefs and of the Java it runs on.")
final class VersionCommand implements CliCommand {
  @Override
  public boolean opensDevices() {
    return false;
  }

  @Override
  public int run(Invocation invocation) {
    if (invocation.out().isJson()) {
      invocation
          .out()
          .data()
          .beginObject()
          .field("version", Version.text())
          .field("java", Runtime.version().toString())
          .endObject();
    } else {
      invocation.out().text().println("jbcachefs " + Version.text());
    }
    return ExitCode.DONE;
  }
}
