// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.ReaderGoneException;
import org.jbcachefs.cli.output.TextWriter;

/** Finds the command of a command line, runs it and renders what went wrong. */
final class Dispatcher {
  private final Invocation.Surroundings surroundings;

  Dispatcher(Invocation.Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** Runs the command line; returns the exit code. Everything printed is flushed. */
  int run(List<String> typed) {
    try {
      return dispatch(calledAs(typed));
    } catch (ReaderGoneException e) {
      return ExitCode.DONE;
    }
  }

  /** mount.jbcachefs and its like name the command by the name of the program. */
  private List<String> calledAs(List<String> typed) {
    String program = surroundings.environment().getOrDefault(Cli.CALLED_AS, "");
    Optional<String> command = HelperPrograms.command(program);
    if (command.isEmpty()) {
      return typed;
    }
    List<String> words = new ArrayList<>();
    words.add(command.get());
    words.addAll(typed);
    return words;
  }

  private int dispatch(List<String> typed) {
    CommandLineWords words = CommandLineWords.of(typed);
    if (words.first().isEmpty()) {
      return withoutCommand(words.leading());
    }
    if (words.first().equals("help")) {
      return help(words.rest());
    }
    Optional<CommandTable.Entry> entry = CommandTable.find(words.first(), words.second());
    if (entry.isEmpty()) {
      return notACommand(typed, words);
    }
    boolean oneWord = entry.get().answersTo(words.first());
    List<String> arguments = words.arguments(oneWord ? 1 : 2);
    if (entry.get().name().equals("version") && arguments.isEmpty()) {
      return version();
    }
    return run(entry.get(), arguments);
  }

  private int run(CommandTable.Entry entry, List<String> arguments) {
    return new CommandRun(surroundings, entry).run(CommandLineWords.normalized(arguments));
  }

  private int withoutCommand(List<String> options) {
    if (options.contains("--version") || options.contains("-V")) {
      return version();
    }
    if (options.contains("--help") || options.contains("-h")) {
      return print(Help.overview());
    }
    surroundings.err().print(Help.overview());
    return ExitCode.USAGE;
  }

  private int version() {
    return print("jbcachefs " + Version.text() + "\n");
  }

  private int help(List<String> words) {
    Optional<String> json =
        CommandLineWords.normalized(words).stream()
            .filter(word -> word.startsWith("--json="))
            .findFirst();
    if (json.isPresent()) {
      return helpAsJson(json.get().substring("--json=".length()));
    }
    if (words.isEmpty() || words.getFirst().startsWith("-")) {
      return print(Help.overview());
    }
    String second = words.size() > 1 ? words.get(1) : "";
    Optional<CommandTable.Entry> entry = CommandTable.find(words.getFirst(), second);
    if (words.getFirst().equals("help")) {
      return print(Help.overview());
    }
    if (entry.isPresent()) {
      return run(entry.get(), List.of("--help"));
    }
    if (!CommandTable.group(words.getFirst()).isEmpty()) {
      return print(Help.group(words.getFirst()));
    }
    return usage("there is no command '" + String.join(" ", words) + "'; see 'jbcachefs help'");
  }

  private int helpAsJson(String form) {
    try {
      Output out = new Output(surroundings.out(), form(form), "help");
      HelpJson.write(out);
      out.finish();
      return ExitCode.DONE;
    } catch (UsageException e) {
      return usage("help: " + e.getMessage());
    }
  }

  private int notACommand(List<String> typed, CommandLineWords words) {
    List<CommandTable.Entry> group = CommandTable.group(words.first());
    if (!group.isEmpty()) {
      if (typed.contains("--help") || typed.contains("-h")) {
        return print(Help.group(words.first()));
      }
      surroundings.err().print(Help.group(words.first()));
      return ExitCode.USAGE;
    }
    Optional<CommandTable.Entry> mount = CommandTable.named("mount");
    if (mount.isPresent() && looksLikeDevices(words.first())) {
      return run(mount.get(), words.arguments(0));
    }
    return usage("there is no command '" + words.first() + "'; see 'jbcachefs help'");
  }

  /** mount.fuse3 calls {@code jbcachefs DEVS DIR -o ...}. */
  private static boolean looksLikeDevices(String word) {
    try {
      return word.contains("/") || word.contains("UUID=") || Files.exists(Path.of(word));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private int usage(String what) {
    surroundings.err().println("jbcachefs: " + what);
    return ExitCode.USAGE;
  }

  private int print(String text) {
    TextWriter out = new TextWriter(surroundings.out());
    out.print(text).flush();
    return ExitCode.DONE;
  }

  static Output.Form form(String json) {
    return switch (json) {
      case null -> Output.Form.TEXT;
      case "object" -> Output.Form.JSON;
      case "lines" -> Output.Form.JSON_LINES;
      default -> throw new UsageException("--json takes 'lines' or nothing, not '" + json + "'");
    };
  }
}
