// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.CommandModel;
import org.jbcachefs.cli.HelperPrograms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.OptionSpec;

class ManualPagesTest {
  private static final Path FRAME =
      Path.of(System.getProperty("jbcachefs.root", "."), "packaging", "man", "jbcachefs.8.in");

  private static String page(Path directory, String name) throws IOException {
    return Files.readString(directory.resolve(name + ".8"));
  }

  private static void generate(Path directory) throws IOException {
    ManualPages.main(new String[] {FRAME.toString(), directory.toString(), "2026-01-02", "9.8"});
  }

  @Test
  void everyCommandHasAPageWithAllItsOptions(@TempDir Path directory) throws IOException {
    generate(directory);
    assertTrue(CommandModel.all().size() > 15);
    for (CommandModel command : CommandModel.all()) {
      String page = page(directory, CommandPage.name(command));
      assertTrue(page.contains("\n.SH \"NAME\"\n" + Roff.escape(CommandPage.name(command))), page);
      assertTrue(page.contains(Roff.escape(command.summary())), command.name());
      for (OptionSpec option : command.spec().options()) {
        assertEquals(
            !option.hidden(),
            page.contains(Roff.bold(option.longestName())),
            command.name() + option);
      }
    }
  }

  @Test
  void theOverviewNamesEveryPage(@TempDir Path directory) throws IOException {
    generate(directory);
    String overview = page(directory, "jbcachefs");
    assertTrue(
        overview.contains(".TH \"JBCACHEFS\" \"8\" \"2026-01-02\" \"jbcachefs 9.8\""), overview);
    for (CommandModel command : CommandModel.all()) {
      assertTrue(overview.contains(Roff.bold(CommandPage.name(command)) + "(8)"), command.name());
    }
  }

  @Test
  void onlyHelpersWhoseCommandExistsAreListed(@TempDir Path directory) throws IOException {
    generate(directory);
    List<String> commands = CommandModel.all().stream().map(CommandModel::name).toList();
    List<String> lines = Files.readAllLines(directory.resolve("helpers"));
    assertTrue(lines.contains("mount.jbcachefs jbcachefs-mount"), lines.toString());
    assertEquals(HelperPrograms.existing().size(), lines.size());
    HelperPrograms.existing()
        .values()
        .forEach(command -> assertTrue(commands.contains(command), command));
    assertEquals(
        commands.contains("fsck"), HelperPrograms.existing().containsKey("fsck.jbcachefs"));
    assertEquals(
        commands.contains("format"), HelperPrograms.existing().containsKey("mkfs.jbcachefs"));
  }

  @Test
  void pagesAreTheSameEachTime(@TempDir Path first, @TempDir Path second) throws IOException {
    generate(first);
    generate(second);
    try (var files = Files.list(first)) {
      for (Path file : files.toList()) {
        assertEquals(-1, Files.mismatch(file, second.resolve(file.getFileName())), file.toString());
      }
    }
  }

  @Test
  void textIsNeverTakenForRequests() {
    assertEquals("\\&.SH x\n", new Roff().line(".SH x").toString());
    assertEquals("\\(aqa\\-b\\(aq \\e n", Roff.escape("'a-b' \\ n"));
  }

  @Test
  void linesOfHelpBecomeParagraphs() {
    assertEquals(
        List.of("One line that goes on."), CommandPage.sentences("One line", "that goes on."));
    assertEquals(List.of("One.", "Two"), CommandPage.sentences("One.", "Two"));
  }

  @Test
  void aFrameWithoutAPlaceForTheCommandsIsRefused(@TempDir Path directory) throws IOException {
    Path frame = Files.writeString(directory.resolve("frame"), ".SH NAME\n");
    String[] arguments = {frame.toString(), directory.toString(), "2026-01-02", "9.8"};
    assertThrows(IllegalArgumentException.class, () -> ManualPages.main(arguments));
    assertFalse(Files.exists(directory.resolve("jbcachefs.8")));
  }
}
