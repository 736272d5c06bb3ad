// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.InodeId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code file collapse-range}. */
@Command(
    name = "collapse-range",
    description = {
      "Takes a range out of a file of a mounted filesystem: what is behind it moves down, and the file"
          + " shrinks. Both numbers must be multiples of the block size, and something must be left"
          + " behind the range."
    })
public final class CollapseRange extends ChangeContents {
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
    return before - length;
  }

  @Override
  void change(MountedChanges changes, List<InodeId> files) {
    changes.tree().collapseRange(files.getFirst(), offset, length);
  }
}
