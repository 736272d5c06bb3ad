// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.sb.OptionRanges;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FilesystemOption.Scope;
import org.jbcachefs.format.tables.FsckError;

/** Options with values that they cannot have get their defaults, but for those of the layout. */
public final class RepairOptionValues implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of();
  }

  @Override
  public Set<String> names() {
    return Set.of("invalid_sb_option");
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SUPERBLOCK;
  }

  @Override
  public String what(FsckError error) {
    return "set the option to its default";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    mend(context.filesystem().superblockWriter());
  }

  /** Also of a filesystem that nobody has open: of some options it cannot be opened for writing. */
  static void mend(SuperblockWriter writer) {
    Superblock superblock = writer.current();
    for (FilesystemOption option : FilesystemOption.values()) {
      boolean kept = option.is(Scope.FS) && option.isOfThisVersion();
      boolean free =
          option.is(Scope.MOUNT)
              || option.is(Scope.RUNTIME)
              || option == FilesystemOption.ENCODED_EXTENT_MAX;
      if (kept && free && !OptionRanges.isValid(superblock, option)) {
        writer.update(editor -> editor.option(option, option.defaultValue()));
      }
    }
  }
}
