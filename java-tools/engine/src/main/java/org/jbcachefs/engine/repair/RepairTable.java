// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.alloc.RepairSpace;
import org.jbcachefs.engine.repair.btree.RepairJournal;
import org.jbcachefs.engine.repair.btree.RepairKeyVersion;
import org.jbcachefs.engine.repair.btree.RepairNodes;
import org.jbcachefs.engine.repair.fs.RepairContents;
import org.jbcachefs.engine.repair.fs.RepairEntries;
import org.jbcachefs.engine.repair.fs.RepairInodes;
import org.jbcachefs.engine.repair.fs.RepairLists;
import org.jbcachefs.engine.repair.fs.RepairMarks;
import org.jbcachefs.engine.repair.fs.RepairNames;
import org.jbcachefs.engine.repair.fs.RepairPointers;
import org.jbcachefs.engine.repair.fs.RepairReferences;
import org.jbcachefs.engine.repair.fs.RepairRoot;
import org.jbcachefs.engine.repair.fs.RepairSizes;
import org.jbcachefs.engine.repair.fs.RepairStrayKeys;
import org.jbcachefs.engine.repair.fs.RepairUnreachable;
import org.jbcachefs.engine.repair.fs.RepairWork;
import org.jbcachefs.engine.repair.sb.RepairDowngradeSection;
import org.jbcachefs.engine.repair.sb.RepairMemberSize;
import org.jbcachefs.engine.repair.sb.RepairOptionValues;
import org.jbcachefs.engine.repair.snapshots.RepairSnapshots;
import org.jbcachefs.engine.repair.snapshots.RepairSubvolumePaths;
import org.jbcachefs.engine.repair.snapshots.RepairSubvolumes;
import org.jbcachefs.format.tables.FsckError;

/** Which repair there is for which error: one at most. */
public final class RepairTable {
  /** All repairs, in the order in which they run. */
  public static final List<Repair> ALL =
      List.of(
          new RepairSpace(),
          new RepairNodes(),
          new RepairPointers(),
          new RepairKeyVersion(),
          new RepairSnapshots(),
          new RepairSubvolumes(),
          new RepairRoot(),
          new RepairStrayKeys(),
          new RepairContents(),
          new RepairSizes(),
          new RepairInodes(),
          new RepairReferences(),
          new RepairMarks(),
          new RepairEntries(),
          new RepairSubvolumePaths(),
          new RepairNames(),
          new RepairUnreachable(),
          new RepairLists(),
          new RepairWork(),
          new RepairOptionValues(),
          new RepairDowngradeSection(),
          new RepairMemberSize(),
          new RepairJournal());

  private static final Map<FsckError, Repair> BY_ERROR = byError();

  private RepairTable() {}

  private static Map<FsckError, Repair> byError() {
    Map<FsckError, Repair> table = new EnumMap<>(FsckError.class);
    for (Repair repair : ALL) {
      for (FsckError error : repair.isGeneral() ? Set.<FsckError>of() : repair.errors()) {
        if (table.put(error, repair) != null) {
          throw new IllegalStateException(error + " has two repairs");
        }
      }
    }
    for (Repair repair : ALL) {
      if (repair.isGeneral()) {
        repair.errors().forEach(error -> table.putIfAbsent(error, repair));
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
    if (finding.error() == null) {
      return ALL.stream().filter(repair -> repair.names().contains(finding.name())).findFirst();
    }
    return of(finding.error());
  }
}
