// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.alloc.RepairSpace;
import org.jbcachefs.format.tables.FsckError;

/** Which repair there is for which error: one at most. */
public final class RepairTable {
  /** All repairs, in the order in which they run. */
  public static final List<Repair> ALL = List.of(new RepairSpace());

  private static final Map<FsckError, Repair> BY_ERROR = byError();

  private RepairTable() {}

  private static Map<FsckError, Repair> byError() {
    Map<FsckError, Repair> table = new EnumMap<>(FsckError.class);
    for (Repair repair : ALL) {
      for (FsckError error : repair.errors()) {
        if (table.put(error, repair) != null) {
          throw new IllegalStateException(error + " has two repairs");
        }
      }
    }
    return table;
  }

  /** What mends that error. */
  public static Optional<Repair> of(FsckError error) {
    return Optional.ofNullable(error == null ? null : BY_ERROR.get(error));
  }

  /** What mends that finding. */
  public static Optional<Repair> of(CheckFinding finding) {
    return of(finding.error());
  }
}
