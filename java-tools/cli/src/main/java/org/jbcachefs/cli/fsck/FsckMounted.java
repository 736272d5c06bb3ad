// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.util.Optional;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckSummary;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** Checks a mounted filesystem, and repairs what can be repaired meanwhile; in its daemon. */
final class FsckMounted {
  private static final int ROUNDS = 10;

  private final Invocation invocation;
  private final MountedChecks checks;
  private final CheckOptions options;
  private final int mostOfOneKind;
  private final boolean verbose;

  FsckMounted(
      Invocation invocation,
      MountedChecks checks,
      CheckOptions options,
      int mostOfOneKind,
      boolean verbose) {
    this.invocation = invocation;
    this.checks = checks;
    this.options = options;
    this.mostOfOneKind = mostOfOneKind;
    this.verbose = verbose;
  }

  /**
   * Does it.
   *
   * @param answers null if nothing is to be repaired
   * @return bits of {@link FsckExit}
   */
  int run(RepairAnswers answers, Progress line) {
    Optional<WritableFilesystem> writable = checks.writable();
    if (writable.isEmpty()) {
      if (answers != null) {
        throw new RefusedException(
            "read_only",
            Place.NOWHERE,
            "it is mounted read-only; unmount it to have it repaired, or look at it with -n");
      }
      return atRest(line);
    }
    int rounds = answers == null ? 0 : ROUNDS;
    RepairAnswers given = answers == null ? (_, _) -> false : answers;
    return new FsckRepair(invocation, line, given, mostOfOneKind, verbose)
        .runMounted(writable.get(), checks, options, rounds);
  }

  private int atRest(Progress line) {
    ReadingFindings reading = new ReadingFindings();
    try (ReadFilesystem filesystem = checks.atRest(reading)) {
      FsckListener listener =
          new FsckListener(
              invocation.out(), line, new FindingPaths(filesystem), mostOfOneKind, verbose);
      CheckSummary summary = new Check(filesystem, reading, options, listener).run();
      new FsckReport(invocation.out(), listener, summary).write();
      return summary.findings() == 0 ? FsckExit.CLEAN : FsckExit.UNCORRECTED;
    }
  }
}
