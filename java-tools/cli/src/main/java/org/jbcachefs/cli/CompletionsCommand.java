// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jbcachefs.cli.platform.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** {@code completions}: a script that makes a shell complete commands, options and file names. */
@Command(
    name = "completions",
    description = {
      "Prints a script that completes jbcachefs' commands and options.",
      "bash: jbcachefs completions bash >/usr/share/bash-completion/completions/jbcachefs"
    })
final class CompletionsCommand implements CliCommand {
  private static final String PROGRAM = "jbcachefs";

  /** Shells that there is a script for. */
  enum Shell {
    bash,
    zsh,
    fish
  }

  @Parameters(paramLabel = "SHELL", description = "One of ${COMPLETION-CANDIDATES}.")
  private Shell shell;

  @Override
  public boolean opensDevices() {
    return false;
  }

  @Override
  public int run(Invocation invocation) {
    Map<String, List<String>> options = optionsByCommand();
    String script =
        switch (shell) {
          case bash -> bash(options);
          case zsh ->
              "#compdef jbcachefs\nautoload -U +X bashcompinit && bashcompinit\n" + bash(options);
          case fish -> fish(options);
        };
    if (invocation.out().isJson()) {
      invocation
          .out()
          .data()
          .beginObject()
          .field("shell", shell.name())
          .field("script", script)
          .endObject();
    } else {
      invocation.out().text().print(script);
    }
    return ExitCode.DONE;
  }

  private static Map<String, List<String>> optionsByCommand() {
    Map<String, List<String>> options = new LinkedHashMap<>();
    for (CommandTable.Entry entry : CommandTable.entries()) {
      options.put(entry.name(), entry.name().equals("help") ? List.of() : options(entry));
    }
    return options;
  }

  private static List<String> options(CommandTable.Entry entry) {
    CommandParser parser =
        new CommandParser(entry, CommandTable.create(entry.name()), Terminal.NONE);
    List<String> names = new ArrayList<>();
    for (OptionSpec option : parser.spec().options()) {
      if (!option.hidden()) {
        names.addAll(List.of(option.names()));
      }
    }
    return List.copyOf(new TreeSet<>(names));
  }

  /** First words of all commands, or the second words behind one of them. */
  private static List<String> words(Iterable<String> commands, String group) {
    TreeSet<String> words = new TreeSet<>();
    for (String command : commands) {
      if (group.isEmpty()) {
        words.add(command.split(" ", -1)[0]);
      } else if (command.startsWith(group + " ")) {
        words.add(command.substring(group.length() + 1));
      }
    }
    return List.copyOf(words);
  }

  private static String bash(Map<String, List<String>> options) {
    StringBuilder out = new StringBuilder("# completions of " + PROGRAM + "\n_jbcachefs() {\n");
    out.append("  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n");
    out.append("  if [ \"$COMP_CWORD\" -eq 1 ]; then\n");
    out.append("    words='").append(String.join(" ", words(options.keySet(), ""))).append("'\n");
    for (String group : words(options.keySet(), "")) {
      List<String> second = words(options.keySet(), group);
      if (!second.isEmpty()) {
        out.append("  elif [ \"$COMP_CWORD\" -eq 2 ] && [ \"$command\" = ").append(group);
        out.append(" ]; then\n    words='").append(String.join(" ", second)).append("'\n");
      }
    }
    out.append("  elif [ \"${word:0:1}\" = - ]; then\n");
    out.append("    case \"$command ${COMP_WORDS[2]}\" in\n");
    options.forEach((command, names) -> {
      String pattern = command.contains(" ") ? "'" + command + "'" : command + "\\ *";
      out.append("      ").append(pattern).append(") words='");
      out.append(String.join(" ", names)).append("' ;;\n");
    });
    out.append("    esac\n  fi\n");
    out.append("  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n");
    return out.append("}\ncomplete -o default -F _jbcachefs ")
        .append(PROGRAM)
        .append('\n')
        .toString();
  }

  private static String fish(Map<String, List<String>> options) {
    StringBuilder out = new StringBuilder("# completions of " + PROGRAM + "\n");
    for (CommandTable.Entry entry : CommandTable.entries()) {
      String[] words = entry.name().split(" ", -1);
      String seen =
          words.length == 1 ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + words[0];
      out.append("complete -c jbcachefs -n '").append(seen).append("' -a ");
      out.append(words[words.length - 1]).append(" -d '").append(entry.summary()).append("'\n");
      if (words.length > 1) {
        out.append("complete -c jbcachefs -n __fish_use_subcommand -a ")
            .append(words[0])
            .append('\n');
      }
    }
    options.forEach((command, names) -> names.forEach(name -> fishOption(out, command, name)));
    return out.toString();
  }

  private static void fishOption(StringBuilder out, String command, String name) {
    String word = command.substring(command.lastIndexOf(' ') + 1);
    out.append("complete -c jbcachefs -n '__fish_seen_subcommand_from ").append(word).append("' ");
    if (name.startsWith("--")) {
      out.append("-l ").append(name.substring(2));
    } else {
      out.append(name.length() == 2 ? "-s " : "-o ").append(name.substring(1));
    }
    out.append('\n');
  }
}
