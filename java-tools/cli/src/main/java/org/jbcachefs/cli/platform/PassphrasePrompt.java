// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Asks on the controlling terminal, without echo, wherever standard input and output go. The JDK's
 * console gives characters of a charset; a passphrase is bytes.
 */
public final class PassphrasePrompt {
  private static final Path TERMINAL = Path.of("/dev/tty");

  private PassphrasePrompt() {}

  /** The line that was typed, with its line end; empty if there is no terminal. */
  public static Optional<byte[]> ask(String question) {
    try (OutputStream out = Files.newOutputStream(TERMINAL);
        InputStream in = Files.newInputStream(TERMINAL)) {
      Thread restore = new Thread(() -> stty("echo"));
      Runtime.getRuntime().addShutdownHook(restore);
      stty("-echo");
      try {
        out.write(question.getBytes(StandardCharsets.UTF_8));
        byte[] line = line(in);
        out.write('\n');
        return Optional.of(line);
      } finally {
        stty("echo");
        Runtime.getRuntime().removeShutdownHook(restore);
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether there is a terminal to ask on. */
  public static boolean isPossible() {
    try (OutputStream out = Files.newOutputStream(TERMINAL)) {
      out.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static byte[] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      line.write(b);
      if (b == '\n') {
        break;
      }
    }
    return line.toByteArray();
  }

  /** Switches the terminal's echo; without stty the passphrase is seen, which beats not asking. */
  private static void stty(String echo) {
    try {
      new ProcessBuilder("stty", echo)
          .redirectInput(TERMINAL.toFile())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
