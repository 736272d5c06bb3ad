// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionsCommandTest {
  private static String script(String shell) {
    Outside outside = new Outside();
    assertEquals(ExitCode.DONE, CommandLineUse.run(outside, "completions", shell), outside.err());
    return outside.out();
  }

  @Test
  void everyCommandAndItsOptionsAreInEveryScript() {
    for (String shell : new String[] {"bash", "zsh", "fish"}) {
      String script = script(shell);
      for (CommandTable.Entry entry : CommandTable.entries()) {
        String[] words = entry.name().split(" ", -1);
        assertTrue(script.contains(words[words.length - 1]), shell + " " + entry.name());
      }
      assertTrue(script.contains(shell.equals("fish") ? "-l field-only" : "--field-only"), shell);
    }
  }

  @Test
  void anUnknownShellIsAnErrorOfUsage() {
    assertEquals(ExitCode.USAGE, CommandLineUse.run(new Outside(), "completions", "tcsh"));
  }

  @Test
  void bashAcceptsAndCompletes(@TempDir Path folder) throws IOException, InterruptedException {
    Path script = Files.writeString(folder.resolve("completions"), script("bash"));
    String use =
        "source "
            + script
            + "; COMP_WORDS=(jbcachefs show-); COMP_CWORD=1; _jbcachefs; echo ${COMPREPLY[*]};"
            + " COMP_WORDS=(jbcachefs fs us); COMP_CWORD=2; _jbcachefs; echo ${COMPREPLY[*]};"
            + " COMP_WORDS=(jbcachefs show-super --fie); COMP_CWORD=2; _jbcachefs; echo"
            + " ${COMPREPLY[*]}";
    Process bash = new ProcessBuilder("bash", "-c", use).redirectErrorStream(true).start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor(), said);
    assertEquals("show-super\nusage\n--field-only --fields\n", said);
  }
}
