// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Programs of the system that tests call. */
public final class Command {
  private Command() {}

  /** What it prints, without blanks around; an exit code but 0 is an IOException. */
  public static String output(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int status;
    try {
      status = process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (status != 0) {
      throw new IOException(String.join(" ", words) + ": status " + status + ": " + output);
    }
    return output;
  }
}
