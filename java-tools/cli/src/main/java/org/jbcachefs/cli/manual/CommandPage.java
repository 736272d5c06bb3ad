// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.manual;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jbcachefs.cli.CommandModel;
import org.jbcachefs.cli.ExitCode;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page of one command. */
final class CommandPage {
  private static final String PROGRAM = "jbcachefs";

  private final CommandModel command;
  private final CommandSpec spec;
  private final Roff page = new Roff();

  CommandPage(CommandModel command) {
    this.command = command;
    this.spec = command.spec();
  }

  /** The page's name, without the section: jbcachefs-fs-usage. */
  static String name(CommandModel command) {
    return PROGRAM + "-" + command.name().replace(' ', '-').replace('_', '-');
  }

  /**
   * @param date of the page, as YYYY-MM-DD
   * @param source program and version
   * @param others all commands; those of the same section are referred to
   */
  String write(String date, String source, List<CommandModel> others) {
    page.title(name(command), date, source);
    page.section("NAME")
        .line(Roff.escape(name(command)) + " \\- " + Roff.escape(command.summary()));
    synopsis();
    page.section("DESCRIPTION");
    sentences(spec.usageMessage().description()).forEach(page::paragraph);
    aliases();
    arguments();
    options();
    exitStatus();
    environment();
    seeAlso(others);
    return page.toString();
  }

  private void synopsis() {
    StringBuilder line = new StringBuilder(Roff.bold(PROGRAM + " " + command.name()));
    line.append(" [").append(Roff.italic("OPTION")).append("...]");
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      if (!argument.hidden()) {
        line.append(' ').append(placeholder(argument));
      }
    }
    page.section("SYNOPSIS").line(line.toString());
  }

  private static String placeholder(PositionalParamSpec argument) {
    String label = Roff.italic(argument.paramLabel());
    boolean many = argument.isMultiValue() || argument.arity().max() > 1;
    String repeated = many ? label + "..." : label;
    return argument.arity().min() == 0 ? "[" + repeated + "]" : repeated;
  }

  private void aliases() {
    if (!command.aliases().isEmpty()) {
      page.paragraph("Also spelled " + String.join(", ", command.aliases()) + ".");
    }
  }

  private void arguments() {
    List<PositionalParamSpec> shown =
        spec.positionalParameters().stream().filter(argument -> !argument.hidden()).toList();
    if (!shown.isEmpty()) {
      page.section("ARGUMENTS");
      shown.forEach(argument -> page.item(Roff.italic(argument.paramLabel()), text(argument)));
    }
  }

  private void options() {
    page.section("OPTIONS");
    spec.options().stream()
        .filter(option -> !option.hidden())
        .sorted(Comparator.comparing(CommandPage::sortedBy))
        .forEach(option -> page.item(tag(option), text(option)));
  }

  private static String sortedBy(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "").toLowerCase(Locale.ROOT);
  }

  private static String tag(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      names.add(Roff.bold(name) + value(option, name.startsWith("--") ? "=" : " "));
    }
    return String.join(", ", names);
  }

  private static String value(OptionSpec option, String separator) {
    if (option.arity().max() == 0) {
      return "";
    }
    String value = separator + Roff.italic(option.paramLabel());
    return option.arity().min() == 0 ? "[" + value + "]" : value;
  }

  private static String text(ArgSpec argument) {
    return String.join(" ", argument.description());
  }

  /** Lines of help joined to paragraphs: a line that ends a sentence ends a paragraph. */
  static List<String> sentences(String... lines) {
    List<String> paragraphs = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : lines) {
      open.append(open.isEmpty() ? "" : " ").append(line);
      if (line.endsWith(".")) {
        paragraphs.add(open.toString());
        open.setLength(0);
      }
    }
    if (!open.isEmpty()) {
      paragraphs.add(open.toString());
    }
    return paragraphs;
  }

  private void exitStatus() {
    page.section("EXIT STATUS");
    Map<String, String> own = spec.usageMessage().exitCodeList();
    if (own.isEmpty()) {
      page.item(Roff.bold(String.valueOf(ExitCode.DONE)), "Done.");
      page.item(
          Roff.bold(String.valueOf(ExitCode.FAILED)),
          "It could not be done; standard error says why.");
      page.item(Roff.bold(String.valueOf(ExitCode.USAGE)), "The command line makes no sense.");
      page.item(
          Roff.bold(String.valueOf(ExitCode.DAMAGE)),
          "Finished, but something is damaged, unreadable or lost; standard error says what.");
    } else {
      own.forEach((code, meaning) -> page.item(Roff.bold(code.strip()), meaning));
    }
  }

  private void environment() {
    if (spec.findOption("--passphrase-file") != null) {
      page.section("ENVIRONMENT");
      page.item(
          Roff.bold("JBCACHEFS_PASSPHRASE"),
          "The passphrase of an encrypted filesystem, used if no file is given. Other users may be able to read the environment"
              + " of processes: a file is better.");
    }
  }

  private void seeAlso(List<CommandModel> others) {
    StringBuilder line = new StringBuilder(Roff.bold(PROGRAM) + "(8)");
    for (CommandModel other : others) {
      if (other.section().equals(command.section()) && !other.name().equals(command.name())) {
        line.append(", ").append(Roff.bold(name(other))).append("(8)");
      }
    }
    page.section("SEE ALSO").line(line.toString());
  }
}
