// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The overview of all commands. A command's own help is picocli's, from its annotations. */
final class Help {
  private static final int NAME_WIDTH = 26;

  private Help() {}

  static String overview() {
    StringBuilder text = new StringBuilder();
    text.append("Usage: jbcachefs COMMAND [OPTION...] [ARGUMENT...]\n\n");
    text.append("Reads bcachefs filesystems without the kernel's help and without root.\n");
    Map<String, StringBuilder> sections = new LinkedHashMap<>();
    for (CommandTable.Entry entry : CommandTable.entries()) {
      line(sections.computeIfAbsent(entry.section(), s -> new StringBuilder()), entry);
    }
    sections.forEach((name, lines) -> text.append('\n').append(name).append(":\n").append(lines));
    text.append(
        """

        DEVS is an image file or device, several joined by ':', or UUID=...; more with -d DEV.
        'jbcachefs help COMMAND' explains a command.
        """);
    return text.toString();
  }

  /** The commands of a group such as "subvolume". */
  static String group(String word) {
    StringBuilder text = new StringBuilder("Usage: jbcachefs " + word + " COMMAND ...\n\n");
    List<CommandTable.Entry> entries = CommandTable.group(word);
    entries.forEach(entry -> line(text, entry));
    return text.append("\n'jbcachefs help " + word + " COMMAND' explains a command.\n").toString();
  }

  private static void line(StringBuilder text, CommandTable.Entry entry) {
    text.append("  ").append(entry.name());
    text.repeat(' ', Math.max(1, NAME_WIDTH - entry.name().length()));
    text.append(entry.summary()).append('\n');
  }
}
