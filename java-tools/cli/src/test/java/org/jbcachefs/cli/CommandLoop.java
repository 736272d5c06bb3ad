// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.platform.Terminal;

/**
 * A program that runs one command line after the other, for stages that need hundreds: each line of
 * its standard input is the words of one, separated by tabs. For each it prints a line {@code
 * STATUS BYTES BYTES}, then what the command said on its standard output and on standard error, of
 * so many bytes.
 */
final class CommandLoop {
  private CommandLoop() {}

  public static void main(String[] none) throws IOException {
    PrintStream answers = new PrintStream(System.out, false, UTF_8);
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = run(List.of(line.split("\t", -1)), out, new PrintStream(err, true, UTF_8));
        answers.print(status + " " + out.size() + " " + err.size() + "\n");
        answers.write(out.toByteArray());
        answers.write(err.toByteArray());
        answers.flush();
      }
    }
  }

  private static int run(List<String> words, ByteArrayOutputStream out, PrintStream err) {
    Invocation.Surroundings surroundings =
        new Invocation.Surroundings(
            new ByteArrayInputStream(new byte[0]),
            out,
            err,
            Map.of(),
            Clock.system(ZoneOffset.UTC),
            Terminal.NONE);
    return new Dispatcher(surroundings).run(words);
  }
}
