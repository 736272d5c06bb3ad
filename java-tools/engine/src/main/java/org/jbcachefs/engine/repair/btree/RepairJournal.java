// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.btree;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/**
 * What is wrong in the journal or about the end of the last use: what can be read of the journal
 * was replayed when the filesystem was opened, and with its clean end nothing of it is needed any
 * more.
 */
public final class RepairJournal implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(ErrorMeaning.foundBy("journal", "superblock"));

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public boolean isGeneral() {
    return true;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.SUPERBLOCK;
  }

  @Override
  public String what(FsckError error) {
    return "replay what can be read of the journal, and end cleanly";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    context.filesystem().sync();
  }
}
