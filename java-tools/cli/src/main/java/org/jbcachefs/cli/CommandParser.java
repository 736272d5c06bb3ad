// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jbcachefs.cli.platform.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Fills a command's annotated fields, the standard options included. */
final class CommandParser {
  private static final String HELP = "--help";

  private final StandardOptions standard = new StandardOptions();
  private final StandardOptions.Json json = new StandardOptions.Json();
  private final StandardOptions.Io io = new StandardOptions.Io();
  private final CliCommand command;
  private final CommandLine line;
  private final Terminal terminal;

  CommandParser(CommandTable.Entry entry, CliCommand command, Terminal terminal) {
    this.terminal = terminal;
    this.command = command;
    line = new CommandLine(command);
    line.setCommandName("jbcachefs " + entry.name());
    line.setExpandAtFiles(false);
    line.setPosixClusteredShortOptionsAllowed(true);
    line.setUsageHelpWidth(Math.clamp(terminal.columns(), 60, 120));
    line.setUsageHelpAutoWidth(false);
    command.addOptions(line.getCommandSpec());
    addStandardOptions();
  }

  private void addStandardOptions() {
    CommandSpec spec = line.getCommandSpec();
    spec.addMixin("standard", CommandSpec.forAnnotatedObject(standard));
    if (command.opensDevices()) {
      spec.addMixin("io", CommandSpec.forAnnotatedObject(io));
    }
    if (command.offersJson()) {
      spec.addMixin("json", CommandSpec.forAnnotatedObject(json));
    }
    boolean shortIsFree = spec.findOption("-h") == null;
    spec.addOption(
        OptionSpec.builder(shortIsFree ? new String[] {"-h", HELP} : new String[] {HELP})
            .usageHelp(true)
            .type(boolean.class)
            .description("Show this help.")
            .build());
  }

  /** The model, for completions and manual pages. */
  CommandSpec spec() {
    return line.getCommandSpec();
  }

  void parse(List<String> arguments) {
    line.parseArgs(command.prepared(arguments).toArray(String[]::new));
  }

  boolean helpRequested() {
    return line.isUsageHelpRequested();
  }

  byte[] help() {
    Ansi ansi = terminal.output() && terminal.colour() ? Ansi.ON : Ansi.OFF;
    return line.getUsageMessage(ansi).getBytes(StandardCharsets.UTF_8);
  }

  boolean debug() {
    return standard.debug;
  }

  /** The value of {@code --io}, or null. */
  String io() {
    return io.way;
  }

  /** The value of {@code --json}, or null. */
  String json() {
    return json.form;
  }
}
