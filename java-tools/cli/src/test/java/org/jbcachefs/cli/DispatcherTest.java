// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.cli.fsck.FsckExit;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;

final class DispatcherTest {
  private final Outside outside = new Outside();

  private int run(String... words) {
    return new Dispatcher(outside.surroundings()).run(List.of(words));
  }

  @Test
  void withoutACommandTheOverviewIsAnErrorOfUsage() {
    assertEquals(ExitCode.USAGE, run());
    assertEquals("", outside.out());
    assertTrue(outside.err().startsWith("Usage: jbcachefs COMMAND"));
  }

  @Test
  void helpIsPrintedToStandardOutput() {
    assertEquals(ExitCode.DONE, run("--help"));
    assertTrue(outside.out().contains("  extract "));
    assertEquals("", outside.err());
  }

  @Test
  void everyCommandOfTheTableCanBeMadeAndExplained() {
    for (CommandTable.Entry entry : CommandTable.entries()) {
      if (!entry.name().equals("help")) {
        Outside here = new Outside();
        List<String> words = List.of(("help " + entry.name()).split(" ", -1));
        assertEquals(ExitCode.DONE, new Dispatcher(here.surroundings()).run(words), here.err());
        assertTrue(here.out().startsWith("Usage: jbcachefs " + entry.name()), here.out());
      }
    }
  }

  @Test
  void helpAsJsonHasEveryCommandWithItsOptions() {
    assertEquals(ExitCode.DONE, run("help", "--json"));
    assertTrue(outside.out().startsWith("{\"jbcachefs_json\":1,\"command\":\"help\""));
    for (CommandModel model : CommandModel.all()) {
      assertTrue(outside.out().contains("{\"name\":\"" + model.name() + "\""), model.name());
    }
    assertTrue(outside.out().contains("{\"names\":[\"-j\",\"--jobs\"],\"value\":\"N\""));
    assertEquals(ExitCode.USAGE, run("help", "--json=xml"));
  }

  @Test
  void dashesAndUnderscoresInCommandsAreTheSame() {
    assertEquals(ExitCode.DONE, run("show_super", "--help"));
    assertEquals(ExitCode.DONE, run("list-journal", "--help"));
    assertEquals(ExitCode.DONE, run("subvolume", "list_snapshots", "--help"));
  }

  @Test
  void completionsAsJsonHoldTheScript() {
    assertEquals(ExitCode.DONE, run("completions", "--json", "bash"));
    assertTrue(outside.out().contains("\"data\":{\"shell\":\"bash\",\"script\":\"#"));
  }

  @Test
  void noTwoCommandsAnswerToTheSameWords() {
    Set<String> seen = new HashSet<>();
    for (CommandTable.Entry entry : CommandTable.entries()) {
      assertTrue(seen.add(entry.name()), entry.name());
      entry.aliases().forEach(alias -> assertTrue(seen.add(alias), alias));
    }
  }

  @Test
  void unknownCommandsAndOptionsAreErrorsOfUsage() {
    assertEquals(ExitCode.USAGE, run("frobnicate"));
    assertEquals(
        "jbcachefs: there is no command 'frobnicate'; see 'jbcachefs help'\n", outside.err());
    assertEquals(ExitCode.USAGE, run("version", "--frobnicate"));
    assertTrue(outside.err().contains("jbcachefs: version: Unknown option: '--frobnicate'"));
  }

  @Test
  void longOptionsMayBeWrittenWithUnderscores() {
    assertEquals(
        List.of("--passphrase-file=a_b", "--data-type", "x_y", "-o", "a_b", "--", "--c_d"),
        CommandLineWords.normalized(
            List.of("--passphrase_file=a_b", "--data_type", "x_y", "-o", "a_b", "--", "--c_d")));
  }

  @Test
  void jsonDoesNotSwallowTheArgumentBehindIt() {
    assertEquals(
        List.of("--json=object", "img", "--json=lines"),
        CommandLineWords.normalized(List.of("--json", "img", "--json=lines")));
  }

  @Test
  void optionsMayComeBeforeTheCommand() {
    assertEquals(ExitCode.DONE, run("--json", "version"));
    assertTrue(outside.out().startsWith("{\"jbcachefs_json\":1,\"command\":\"version\""));
  }

  @Test
  void aMissingImageIsOneSentenceAndOne() {
    assertEquals(ExitCode.FAILED, run("ls", "/no/such/image", "/"));
    assertEquals(1, outside.err().lines().count(), outside.err());
    assertTrue(outside.err().startsWith("jbcachefs: /no/such/image: "), outside.err());
  }

  @Test
  void jsonOfAFailureIsStillJson() {
    assertEquals(ExitCode.FAILED, run("ls", "--json", "/no/such/image", "/"));
    assertTrue(
        outside
            .out()
            .startsWith(
                "{\"jbcachefs_json\":1,\"command\":\"ls\",\"filesystem\":null,\"data\":null,"
                    + "\"errors\":[{\"kind\":\"device\""),
        outside.out());
  }

  @Test
  void theNameOfTheProgramIsTheCommand() {
    Outside fsck = new Outside(Map.of(Cli.CALLED_AS, "fsck.jbcachefs"), "");
    assertEquals(
        FsckExit.OPERATIONAL, new Dispatcher(fsck.surroundings()).run(List.of("/no/such/image")));
    assertTrue(fsck.err().contains("/no/such/image"), fsck.err());
  }
}
