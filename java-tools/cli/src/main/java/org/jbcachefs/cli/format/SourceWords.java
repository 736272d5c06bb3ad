// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.platform.LibC;

/** The option {@code --source}. */
final class SourceWords {
  private SourceWords() {}

  static void check(String source) {
    if (!Files.isDirectory(Path.of(source))) {
      throw new UsageException("--source " + source + " is no directory");
    }
    if (!LibC.isAvailable()) {
      throw new UsageException("--source needs Linux and the library JNA for its processor");
    }
  }
}
