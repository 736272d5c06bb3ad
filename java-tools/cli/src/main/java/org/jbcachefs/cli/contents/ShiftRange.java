// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Parameters;

/** What the commands share that move what is behind a place of one file. */
abstract class ShiftRange extends ChangeContents {
  @Parameters(index = "0", paramLabel = "FILE", description = "The file.")
  private Path file;

  @Parameters(index = "1", paramLabel = "OFFSET", description = "Where the range begins, in bytes.")
  private long offset;

  @Parameters(index = "2", paramLabel = "LENGTH", description = "How long it is, in bytes.")
  private long length;

  @Override
  public final List<Path> mountedPaths() {
    return List.of(file);
  }

  @Override
  final Path file() {
    return file;
  }

  final long offset() {
    return offset;
  }

  final long length() {
    return length;
  }
}
