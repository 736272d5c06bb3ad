// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.btree;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.tables.FsckError;

/** Keys of versions that were never recorded as given out: they are, from now on. */
public final class RepairKeyVersion implements Repair {
  @Override
  public Set<FsckError> errors() {
    return Set.of(FsckError.BKEY_VERSION_IN_FUTURE);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.POINTERS;
  }

  @Override
  public String what(FsckError error) {
    return "record that versions up to that one were used";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    for (CheckFinding finding : findings) {
      long version = Long.parseUnsignedLong(finding.found());
      context.filesystem().clocks().useKeyVersion(version);
    }
  }
}
