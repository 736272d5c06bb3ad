// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Asks on the controlling terminal, wherever standard input and output go. */
public final class TerminalQuestion {
  private static final Path TERMINAL = Path.of("/dev/tty");

  private TerminalQuestion() {}

  /** Whether somebody is there and says yes. */
  public static boolean confirm(String question) {
    String answer = ask(question + " [y/N] ");
    return answer != null && answer.toLowerCase(Locale.ROOT).matches("y|yes");
  }

  /** What somebody answers, without blanks around it; null if nobody is there. */
  public static String ask(String question) {
    try (OutputStream out = Files.newOutputStream(TERMINAL);
        BufferedReader in = Files.newBufferedReader(TERMINAL, StandardCharsets.ISO_8859_1)) {
      out.write(question.getBytes(StandardCharsets.UTF_8));
      String answer = in.readLine();
      return answer == null ? null : answer.strip();
    } catch (IOException e) {
      return null;
    }
  }
}
