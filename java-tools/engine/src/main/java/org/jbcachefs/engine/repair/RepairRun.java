// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckSummary;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.sb.BeforeOpening;
import org.jbcachefs.engine.repair.sb.RepairCopies;
import org.jbcachefs.engine.repair.sb.RepairJournalPlace;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Checks a filesystem, repairs what was found, and checks again, until nothing is found, nothing
 * more can be repaired, or it does not get better. One use.
 *
 * <p>From the first change until a check finds nothing the superblock says that the filesystem has
 * to be checked: nobody mounts one that is half repaired, and after a power cut the next run goes
 * on.
 */
public final class RepairRun {
  private static final Set<String> ABOUT_SNAPSHOTS =
      Set.of("check_snapshot_trees", "check_snapshots", "check_subvols", "check_root");

  private final List<BlockDevice> devices;
  private final RepairOptions options;
  private final RepairListener listener;
  private final Map<String, Boolean> answers = new HashMap<>();
  private final Map<FsckError, ErrorMeaning> meanings = ErrorMeaning.readTable();

  /** Something is wrong with snapshots or subvolumes that is not going to be repaired. */
  private boolean snapshotsLeft;

  /**
   * @param devices all members, in any order, open for writing; they stay open
   */
  public RepairRun(List<BlockDevice> devices, RepairOptions options, RepairListener listener) {
    this.devices = List.copyOf(devices);
    this.options = options;
    this.listener = listener;
  }

  /** Does it. */
  public RepairOutcome run() {
    List<CheckFinding> found = new ArrayList<>();
    CheckSummary first = check(0, found);
    CheckSummary last = first;
    int rounds = 0;
    Set<String> before = Set.of();
    while (rounds < options.rounds()) {
      Map<Repair, List<CheckFinding>> accepted = accepted(found);
      Set<String> now = sentences(found);
      if (accepted.isEmpty() || now.equals(before)) {
        break;
      }
      before = now;
      repair(accepted);
      rounds++;
      found.clear();
      last = check(rounds, found);
    }
    if (last.findings() == 0) {
      RepairMark.of(lent(), options.write().clock()).clear();
    }
    return new RepairOutcome(first, last, rounds);
  }

  private List<BlockDevice> lent() {
    List<BlockDevice> lent = new ArrayList<>();
    devices.forEach(device -> lent.add(new LentDevice(device)));
    return lent;
  }

  private CheckSummary check(int round, List<CheckFinding> found) {
    ReadingFindings reading = new ReadingFindings();
    OpenOptions opening =
        options
            .write()
            .open()
            .withKeyChecks(true)
            .withFindings(reading)
            .withDegraded(OpenOptions.Degraded.VERY);
    try (ReadFilesystem filesystem = ReadFilesystem.open(lent(), opening)) {
      CheckListener told = listener.checking(round, filesystem);
      return new Check(filesystem, reading, options.check(), new Noting(told, found)).run();
    }
  }

  private static Set<String> sentences(List<CheckFinding> found) {
    Set<String> sentences = new TreeSet<>();
    found.forEach(finding -> sentences.add(sentence(finding)));
    return sentences;
  }

  private static String sentence(CheckFinding finding) {
    return finding.name() + " " + finding.sentence();
  }

  private Map<Repair, List<CheckFinding>> accepted(List<CheckFinding> found) {
    Map<Repair, List<CheckFinding>> accepted = new LinkedHashMap<>();
    snapshotsLeft = false;
    RepairCopies copies =
        found.stream().anyMatch(CheckFinding::note)
            ? new RepairCopies(DeviceSetAssembly.assemble(lent()))
            : null;
    for (CheckFinding finding : found) {
      Repair repair = repairOf(finding, copies);
      boolean isAccepted =
          repair != null
              && answers.computeIfAbsent(sentence(finding), _ -> listener.accept(finding, repair));
      if (isAccepted) {
        accepted.computeIfAbsent(repair, _ -> new ArrayList<>()).add(finding);
      } else {
        snapshotsLeft |=
            finding.error() != null
                && !finding.note()
                && ABOUT_SNAPSHOTS.contains(meanings.get(finding.error()).foundBy());
      }
    }
    return accepted;
  }

  private static Repair repairOf(CheckFinding finding, RepairCopies copies) {
    return finding.note()
        ? copies.concerns(finding) ? copies : null
        : RepairTable.of(finding).orElse(null);
  }

  private void repair(Map<Repair, List<CheckFinding>> accepted) {
    mendCopies(accepted);
    if (accepted.isEmpty()) {
      return;
    }
    ReadFilesystem.requireMembers(lent(), options.write().open());
    if (beforeOpening(accepted)) {
      // With another journal there may be nothing of what was found, or something else.
      return;
    }
    try (Salvage salvage = new Salvage(this::lent, options, listener::lost)) {
      repair(accepted, salvage);
    }
  }

  /** Superblocks that every other change writes as well; a repair of its own if there is none. */
  private void mendCopies(Map<Repair, List<CheckFinding>> accepted) {
    for (Repair repair : List.copyOf(accepted.keySet())) {
      if (repair instanceof RepairCopies copies) {
        List<CheckFinding> notes = accepted.remove(copies);
        listener.repairing(copies, notes);
        copies.mend(notes);
      }
    }
  }

  /** What must be right before it is opened; whether it has to be looked at anew for that. */
  private boolean beforeOpening(Map<Repair, List<CheckFinding>> accepted) {
    DeviceSet devices = DeviceSetAssembly.assemble(lent());
    SuperblockWriter writer = new SuperblockWriter(devices, options.write().clock());
    List<CheckFinding> found = accepted.values().stream().flatMap(List::stream).toList();
    if (RepairJournalPlace.mend(writer, devices, found, listener::repairing)) {
      return true;
    }
    if (writer.current().version() != MetadataVersion.CURRENT.number()) {
      return false;
    }
    for (Repair repair : accepted.keySet()) {
      if (BeforeOpening.concerns(writer.current(), repair)) {
        new RepairMark(writer).set();
        BeforeOpening.mend(writer, repair, lent(), options.write().open());
      }
    }
    return false;
  }

  private void repair(Map<Repair, List<CheckFinding>> accepted, Salvage salvage) {
    WritableFilesystem filesystem =
        WritableFilesystem.openForRepair(
            lent(), options.write(), salvage.damaged(), salvage.derived());
    boolean done = false;
    try {
      new RepairMark(filesystem.superblockWriter()).set();
      salvage.rebuild(filesystem);
      RepairContext context =
          new RepairContext(
              filesystem,
              options.check(),
              listener::lost,
              accepted.values().stream().flatMap(List::stream).toList());
      RepairStage last = last(accepted, !salvage.damaged().isEmpty());
      for (Repair repair : RepairTable.ALL) {
        if (accepted.containsKey(repair) && repair.stage().compareTo(last) <= 0) {
          List<CheckFinding> findings = List.copyOf(accepted.get(repair));
          listener.repairing(repair, findings);
          repair.run(context, findings);
        } else if (repair.stage() == RepairStage.SPACE) {
          // Whoever writes needs to know where he may.
          repair.run(context, List.of());
        }
        filesystem.sync();
      }
      List<CheckFinding> mended = new ArrayList<>();
      accepted.forEach((repair, findings) -> {
        if (repair.stage().compareTo(last) <= 0) {
          mended.addAll(findings);
        }
      });
      new DamageNotes(filesystem, options.write().clock().instant().getEpochSecond()).add(mended);
      filesystem.repair().finishUpgrade();
      filesystem.close();
      done = true;
    } finally {
      if (!done) {
        filesystem.abandon();
      }
    }
  }

  /**
   * How far this round goes. What was found while keys could not be read, or while nobody knew
   * which snapshot sees what, may be no more once that is put right: first things first.
   */
  private RepairStage last(Map<Repair, List<CheckFinding>> accepted, boolean salvaged) {
    if (salvaged) {
      return RepairStage.NODES;
    }
    boolean snapshots =
        snapshotsLeft
            || accepted.keySet().stream()
                .anyMatch(repair -> repair.stage() == RepairStage.SNAPSHOTS);
    return snapshots ? RepairStage.SNAPSHOTS : RepairStage.SUPERBLOCK;
  }

  /** Keeps the findings besides telling of them. */
  record Noting(CheckListener told, List<CheckFinding> found) implements CheckListener {
    @Override
    public void begin(RecoveryPass pass) {
      told.begin(pass);
    }

    @Override
    public void stage(String what) {
      told.stage(what);
    }

    @Override
    public void progress(long items, double fraction) {
      told.progress(items, fraction);
    }

    @Override
    public void finding(CheckFinding finding) {
      found.add(finding);
      told.finding(finding);
    }

    @Override
    public void end(RecoveryPass pass, long nanoseconds) {
      told.end(pass, nanoseconds);
    }
  }
}
