// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.tables.FsckError;

/** What older implementations are told to check follows from the version. */
public final class RepairDowngradeSection implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of();
  }

  @Override
  public Set<String> names() {
    return Set.of("invalid_sb_downgrade");
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SUPERBLOCK;
  }

  @Override
  public String what(FsckError error) {
    return "write what older versions have to check as this version has it";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    // Whoever writes a superblock puts a sound section in the place of a damaged one.
    context.filesystem().superblockWriter().update(_ -> {});
  }
}
