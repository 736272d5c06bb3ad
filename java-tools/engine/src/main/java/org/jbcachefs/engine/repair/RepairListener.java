// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.List;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.recovery.ReadFilesystem;

/** Decides what is repaired, and is told of it. */
public interface RepairListener {
  /**
   * A check begins.
   *
   * @param round 0 for the first one, before any repair
   * @param filesystem what is checked, until the check ends
   * @return told of what the check finds
   */
  CheckListener checking(int round, ReadFilesystem filesystem);

  /** Whether that finding is to be repaired by that; asked once for each finding. */
  boolean accept(CheckFinding finding, Repair repair);

  /**
   * Data of a file is lost, and marked so: told while it is repaired, perhaps more than once.
   *
   * @param snapshot whose key says so
   * @param start in sectors
   * @param end in sectors, behind it
   */
  default void lost(long inode, int snapshot, long start, long end) {}

  /** Those findings are being repaired by that. */
  void repairing(Repair repair, List<CheckFinding> findings);
}
