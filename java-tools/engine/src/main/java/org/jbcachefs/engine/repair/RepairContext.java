// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.lost.LostListener;
import org.jbcachefs.format.tables.FsckError;

/**
 * What repairs work with: the filesystem, open for writing.
 *
 * @param filesystem is closed by whoever opened it
 * @param options memory and temporary files
 * @param lost told of data that is lost
 * @param accepted all that is to be repaired this time
 */
public record RepairContext(
    WritableFilesystem filesystem,
    CheckOptions options,
    LostListener lost,
    List<CheckFinding> accepted) {
  /** The btrees as they are at any moment. */
  public Btrees btrees() {
    return filesystem.btrees();
  }

  /** What of that kind is to be repaired this time. */
  public List<CheckFinding> accepted(FsckError error) {
    return accepted.stream().filter(finding -> finding.error() == error).toList();
  }

  /** Changes something in a transaction, as often as it has to begin anew. */
  public void transact(Consumer<Transaction> work) {
    compute(transaction -> {
      work.accept(transaction);
      return null;
    });
  }

  /** The same, and what comes out of it. */
  public <T> T compute(Function<Transaction, T> work) {
    return filesystem.transact("fsck", work).value();
  }

  /** Names and inodes as a snapshot sees them, to be changed in that transaction. */
  public EntryRepair seenBy(Transaction transaction, int snapshot) {
    return new EntryRepair(
        transaction, filesystem.snapshots(), snapshot, filesystem.defaults().casefold());
  }

  /** Mends each finding in a transaction of its own. */
  public void oneByOne(List<CheckFinding> findings, BiConsumer<Transaction, CheckFinding> mending) {
    findings.forEach(finding -> transact(transaction -> mending.accept(transaction, finding)));
  }
}
