// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Which of the standard streams are terminals, and whether they want colour.
 *
 * @param input standard input is one
 * @param output standard output is one
 * @param error standard error is one
 * @param colour escape sequences are welcome where a stream is a terminal
 * @param columns width of the terminal
 */
public record Terminal(boolean input, boolean output, boolean error, boolean colour, int columns) {
  /** No terminal at all: pipes and files. */
  public static final Terminal NONE = new Terminal(false, false, false, false, 80);

  private static final int DEFAULT_COLUMNS = 80;

  /** Looks at this process's descriptors; NO_COLOR and TERM=dumb switch colour off. */
  public static Terminal of(Map<String, String> environment) {
    boolean plain =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || environment.getOrDefault("TERM", "dumb").equals("dumb");
    return new Terminal(isTerminal(0), isTerminal(1), isTerminal(2), !plain, columns(environment));
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  private static int columns(Map<String, String> environment) {
    String columns = environment.getOrDefault("COLUMNS", "");
    if (columns.matches("[1-9][0-9]{0,3}")) {
      return Integer.parseInt(columns);
    }
    return DEFAULT_COLUMNS;
  }
}
