// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.util.List;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairListener;

/** Says yes to everything, and notes what was found and repaired in which round. */
public final class RepairNotes implements RepairListener, CheckListener {
  private final StringBuilder text = new StringBuilder();

  @Override
  public CheckListener checking(int round, ReadFilesystem filesystem) {
    text.append("round ").append(round).append('\n');
    return this;
  }

  @Override
  public boolean accept(CheckFinding finding, Repair repair) {
    return true;
  }

  @Override
  public void repairing(Repair repair, List<CheckFinding> findings) {
    text.append("  repair ").append(repair.getClass().getSimpleName());
    text.append(": ").append(findings.size()).append('\n');
  }

  @Override
  public synchronized void finding(CheckFinding finding) {
    text.append("  ").append(finding.name()).append(": ").append(finding.sentence()).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
