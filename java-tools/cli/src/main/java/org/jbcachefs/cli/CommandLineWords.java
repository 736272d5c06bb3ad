// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * What the user typed, cut into options before the command, and the rest, which begins with the
 * command's one or two words.
 */
record CommandLineWords(List<String> leading, List<String> words) {
  static CommandLineWords of(List<String> typed) {
    int i = 0;
    while (i < typed.size() && typed.get(i).startsWith("-")) {
      i++;
    }
    return new CommandLineWords(typed.subList(0, i), typed.subList(i, typed.size()));
  }

  /** The first word, or "". */
  String first() {
    return words.isEmpty() ? "" : words.getFirst();
  }

  /** The word after it, or "". */
  String second() {
    return words.size() > 1 ? words.get(1) : "";
  }

  /** Everything after the first word. */
  List<String> rest() {
    return words.subList(1, words.size());
  }

  /** The arguments of a command of so many words; leading options are its too. */
  List<String> arguments(int commandWords) {
    List<String> arguments = new ArrayList<>(leading);
    arguments.addAll(words.subList(commandWords, words.size()));
    return arguments;
  }

  /**
   * Arguments in the form that option names are declared in: {@code _} in names of long options
   * made {@code -}, {@code --json} given its value.
   */
  static List<String> normalized(List<String> arguments) {
    List<String> out = new ArrayList<>(arguments.size());
    boolean options = true;
    for (String argument : arguments) {
      if (argument.equals("--")) {
        options = false;
      }
      out.add(options && argument.startsWith("--") ? longOption(argument) : argument);
    }
    return out;
  }

  private static String longOption(String argument) {
    if (argument.equals("--json")) {
      return "--json=object";
    }
    int end = argument.indexOf('=');
    String name = end < 0 ? argument : argument.substring(0, end);
    return name.replace('_', '-') + argument.substring(name.length());
  }
}
