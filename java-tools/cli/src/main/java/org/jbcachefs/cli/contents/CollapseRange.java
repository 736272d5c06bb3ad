// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.util.List;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.InodeId;
import picocli.CommandLine.Command;

/** {@code file collapse-range}. */
@Command(
    name = "collapse-range",
    description = {
      "Takes a range out of a file of a mounted filesystem: what is behind it moves down, and the file"
          + " shrinks. Both numbers must be multiples of the block size, and something must be left"
          + " behind the range."
    })
public final class CollapseRange extends ShiftRange {
  @Override
  long sizeAfter(long before) {
    return before - length();
  }

  @Override
  String what() {
    return "take %d bytes from byte %d on out of %s".formatted(length(), offset(), file());
  }

  @Override
  void change(MountedChanges changes, List<InodeId> files) {
    changes.tree().collapseRange(files.getFirst(), offset(), length());
  }
}
