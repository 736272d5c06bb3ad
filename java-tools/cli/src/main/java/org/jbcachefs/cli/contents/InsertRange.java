// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.InodeId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code file insert-range}. */
@Command(
    name = "insert-range",
    description = {
      "Inserts a hole into a file of a mounted filesystem: what is behind its place moves up, and the"
          + " file grows. Both numbers must be multiples of the block size."
    })
public final class InsertRange extends ChangeContents {
  @Parameters(index = "0", paramLabel = "FILE", description = "The file.")
  private Path file;

  @Parameters(index = "1", paramLabel = "OFFSET", description = "Where the range begins, in bytes.")
  private long offset;

  @Parameters(index = "2", paramLabel = "LENGTH", description = "How long it is, in bytes.")
  private long length;

  @Override
  public List<Path> mountedPaths() {
    return List.of(file);
  }

  @Override
  Path file() {
    return file;
  }

  @Override
  long sizeAfter(long before) {
    return before + length;
  }

  @Override
  void change(MountedChanges changes, List<InodeId> files) {
    changes.tree().insertRange(files.getFirst(), offset, length);
  }
}
