// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.platform.Terminal;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Everything that is known about a command without running it.
 *
 * @param name its words, e.g. "fs usage"
 * @param section the heading under which help lists it
 * @param summary one line, no full stop
 * @param aliases other spellings, in full
 * @param spec its options and arguments, the standard options included
 */
public record CommandModel(
    String name, String section, String summary, List<String> aliases, CommandSpec spec) {

  /** All commands but {@code help}, which is the dispatcher's own and has no options. */
  public static List<CommandModel> all() {
    List<CommandModel> models = new ArrayList<>();
    for (CommandTable.Entry entry : CommandTable.entries()) {
      if (!entry.name().equals("help")) {
        models.add(of(entry));
      }
    }
    return models;
  }

  private static CommandModel of(CommandTable.Entry entry) {
    CommandSpec spec =
        new CommandParser(entry, CommandTable.create(entry.name()), Terminal.NONE).spec();
    return new CommandModel(entry.name(), entry.section(), entry.summary(), entry.aliases(), spec);
  }
}
