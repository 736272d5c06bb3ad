// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.util.List;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.InodeId;
import picocli.CommandLine.Command;

/** {@code file insert-range}. */
@Command(
    name = "insert-range",
    description = {
      "Inserts a hole into a file of a mounted filesystem: what is behind its place moves up, and the"
          + " file grows. Both numbers must be multiples of the block size."
    })
public final class InsertRange extends ShiftRange {
  @Override
  long sizeAfter(long before) {
    return before + length();
  }

  @Override
  String what() {
    return "make room for %d bytes at byte %d of %s".formatted(length(), offset(), file());
  }

  @Override
  void change(MountedChanges changes, List<InodeId> files) {
    changes.tree().insertRange(files.getFirst(), offset(), length());
  }
}
