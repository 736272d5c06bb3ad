// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.manual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.CommandModel;
import org.jbcachefs.cli.HelperPrograms;

/**
 * Writes what a package installs beside the program: {@code NAME.8} for each command, the overview
 * {@code jbcachefs.8}, and {@code helpers}, the list of links to the launcher with the page that
 * explains each.
 */
public final class ManualPages {
  private static final String COMMANDS_HERE = "@COMMANDS@";

  private final List<CommandModel> commands = CommandModel.all();
  private final String date;
  private final String source;

  private ManualPages(String date, String version) {
    this.date = date;
    this.source = "jbcachefs " + version;
  }

  /** Arguments: the overview's frame, a directory, a date (YYYY-MM-DD), a version. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 4) {
      throw new IllegalArgumentException("ManualPages takes FRAME DIRECTORY DATE VERSION");
    }
    Path directory = Files.createDirectories(Path.of(arguments[1]));
    ManualPages pages = new ManualPages(arguments[2], arguments[3]);
    Map<String, String> files = pages.write(Files.readString(Path.of(arguments[0])));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(directory.resolve(file.getKey()), file.getValue());
    }
  }

  private Map<String, String> write(String frame) {
    Map<String, String> files = new LinkedHashMap<>();
    for (CommandModel command : commands) {
      files.put(
          CommandPage.name(command) + ".8", new CommandPage(command).write(date, source, commands));
    }
    files.put("jbcachefs.8", overview(frame));
    files.put("helpers", helpers());
    return files;
  }

  private String overview(String frame) {
    if (!frame.contains(COMMANDS_HERE)) {
      throw new IllegalArgumentException("the overview's frame has no place for " + COMMANDS_HERE);
    }
    String title = new Roff().title("jbcachefs", date, source).toString();
    return title + frame.replace(COMMANDS_HERE + "\n", commandList());
  }

  private String commandList() {
    Map<String, Roff> sections = new LinkedHashMap<>();
    for (CommandModel command : commands) {
      sections
          .computeIfAbsent(command.section(), heading -> new Roff().subsection(heading))
          .item(Roff.bold(CommandPage.name(command)) + "(8)", command.summary());
    }
    StringBuilder list = new StringBuilder();
    sections.values().forEach(list::append);
    return list.toString();
  }

  private String helpers() {
    Map<String, String> pages = new LinkedHashMap<>();
    commands.forEach(command -> pages.put(command.name(), CommandPage.name(command)));
    StringBuilder lines = new StringBuilder();
    HelperPrograms.existing()
        .forEach((program, command) ->
            lines.append(program).append(' ').append(pages.get(command)).append('\n'));
    return lines.toString();
  }
}
