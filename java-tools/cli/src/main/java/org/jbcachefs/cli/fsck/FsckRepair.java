// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.OnlineRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairListener;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.repair.undo.UndoRecording;

/** Checks and repairs, or shows what repairing would do. */
final class FsckRepair implements RepairListener {
  private final Invocation invocation;
  private final Progress progress;
  private final RepairAnswers answers;
  private final int mostOfOneKind;
  private final boolean verbose;
  private final Map<String, Count> repairs = new TreeMap<>();
  private final LostFiles lost = new LostFiles();
  private Runnable beforeRepair = () -> {};
  private FsckListener first;
  private FsckListener last;

  /** What is done about one error, and how often. */
  private static final class Count {
    private final String what;
    private long findings;

    Count(String what) {
      this.what = what;
    }
  }

  FsckRepair(
      Invocation invocation,
      Progress progress,
      RepairAnswers answers,
      int mostOfOneKind,
      boolean verbose) {
    this.invocation = invocation;
    this.progress = progress;
    this.answers = answers;
    this.mostOfOneKind = mostOfOneKind;
    this.verbose = verbose;
  }

  /**
   * Does it.
   *
   * @param dryRun whether nothing is to be written
   * @param undo a file that gets what is overwritten; null for none
   * @return bits of {@link FsckExit}
   */
  int run(MemberSpec members, OpenOptions open, CheckOptions check, boolean dryRun, Path undo)
      throws IOException {
    List<BlockDevice> devices = new ArrayList<>();
    try {
      if (dryRun) {
        OpeningOptions.openDevices(invocation, members)
            .forEach(device -> devices.add(new ScratchDevice(device)));
      } else {
        devices.addAll(OpeningOptions.openDevicesToWrite(invocation, members));
      }
      if (undo == null || dryRun) {
        return run(devices, open, check, dryRun);
      }
      try (UndoRecording recording = new UndoRecording(undo, devices)) {
        return run(recording.devices(), open, check, false);
      }
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  /**
   * The same on devices that are open, and stay so; of a dry run, what is written to is thrown
   * away.
   */
  int run(List<BlockDevice> devices, OpenOptions open, CheckOptions check, boolean dryRun) {
    WriteOptions write = WriteOptions.defaults().withOpen(open).withClock(invocation.clock());
    RepairOutcome outcome = new RepairRun(devices, new RepairOptions(write, check), this).run();
    progress.erase();
    report(outcome, dryRun);
    if (dryRun) {
      return outcome.first().findings() == 0 ? FsckExit.CLEAN : FsckExit.UNCORRECTED;
    }
    return exitCode(outcome);
  }

  private void report(RepairOutcome outcome, boolean dryRun) {
    RepairReport report = new RepairReport(invocation.out(), outcome, first, last, lost, dryRun);
    repairs.forEach((name, count) -> report.repair(name, count.findings, count.what));
    report.write();
  }

  private static int exitCode(RepairOutcome outcome) {
    int left = outcome.isClean() ? FsckExit.CLEAN : FsckExit.UNCORRECTED;
    return outcome.isChanged() ? left | FsckExit.CORRECTED : left;
  }

  /**
   * The same of a mounted filesystem, as far as that goes.
   *
   * @param rounds how often it may repair; 0 to check only
   */
  int runMounted(
      WritableFilesystem filesystem, MountedChecks checks, CheckOptions check, int rounds) {
    List<Runnable> forgetting = new ArrayList<>();
    OnlineRepair.Quiet quiet =
        work -> {
          checks.quietly(work);
          // Not before others may go on: the kernel writes back what it forgets.
          forgetting.forEach(Runnable::run);
          forgetting.clear();
        };
    beforeRepair = () -> forgetting.add(checks.forgetting());
    RepairOutcome outcome = new OnlineRepair(filesystem, quiet, check, rounds, this).run();
    progress.erase();
    if (rounds == 0) {
      new FsckReport(invocation.out(), first, outcome.first()).write();
    } else {
      report(outcome, false);
      if (!outcome.isClean() && !invocation.out().isJson()) {
        invocation.note("what is left takes a repair of the filesystem when it is not mounted");
      }
    }
    return exitCode(outcome);
  }

  @Override
  public CheckListener checking(int round, ReadFilesystem filesystem) {
    invocation.out().filesystem(filesystem.superblock().userUuid());
    FindingPaths paths = new FindingPaths(filesystem);
    last =
        new FsckListener(invocation.out(), progress, paths, mostOfOneKind, verbose && round == 0);
    if (round == 0) {
      first = last;
    } else {
      last.collectOnly();
      lost.find(paths);
    }
    return last;
  }

  @Override
  public void lost(long inode, int snapshot, long start, long end) {
    lost.add(inode, snapshot, start, end);
  }

  @Override
  public boolean accept(CheckFinding finding, Repair repair) {
    progress.erase();
    return answers.accept(finding, repair);
  }

  @Override
  public void repairing(Repair repair, List<CheckFinding> findings) {
    progress.begin("repairing");
    if (repair.stage() != RepairStage.SPACE && repair.stage() != RepairStage.WORK) {
      beforeRepair.run();
    }
    for (CheckFinding finding : findings) {
      repairs.computeIfAbsent(finding.name(), _ -> new Count(repair.what(finding.error())))
          .findings++;
    }
  }
}
