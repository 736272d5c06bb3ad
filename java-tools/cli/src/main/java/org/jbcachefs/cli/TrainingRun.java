// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.platform.RawArguments;
import org.jbcachefs.cli.platform.Terminal;

/**
 * Runs typical commands in one process while the JVM writes down which classes it loads: the
 * launcher makes the archive from it that lets later processes start fast. Prints nothing.
 */
public final class TrainingRun {
  private TrainingRun() {}

  /** The argument, if there is one, is an image to read. */
  public static void main(String[] arguments) {
    Invocation.Surroundings nowhere =
        new Invocation.Surroundings(
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
            System.getenv(),
            Clock.system(ZoneId.systemDefault()),
            Terminal.of(System.getenv()));
    List<List<String>> runs = new ArrayList<>();
    runs.add(List.of());
    runs.add(List.of("version", "--json"));
    runs.add(List.of("help", "version"));
    for (String image : arguments) {
      runs.add(List.of("show-super", image));
      runs.add(List.of("show-super", "--json", image));
      runs.add(List.of("fs", "usage", image));
      runs.add(List.of("subvolume", "list", image));
      runs.add(List.of("ls", "-l", image, "/"));
      runs.add(List.of("stat", image, "/"));
      runs.add(List.of("tree", image, "/"));
      runs.add(List.of("ls", "--json", image, "/"));
      runs.add(List.of("cat", image, "/nothing-here"));
    }
    Dispatcher dispatcher = new Dispatcher(nowhere);
    for (List<String> run : runs) {
      dispatcher.run(RawArguments.recover(run));
    }
    System.exit(ExitCode.DONE);
  }
}
