// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckSummary;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.recovery.FrozenFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Checks a filesystem that is in use, as it was at one moment, and repairs what may be repaired
 * meanwhile: what passes found that the format's table says may run online. Nobody changes anything
 * while a repair runs; reading goes on. What was found is looked at again before it is changed. One
 * use.
 */
public final class OnlineRepair {
  /** What needs all members to itself: reading nodes anew, and what the superblock says. */
  private static final Set<RepairStage> OFFLINE =
      EnumSet.of(RepairStage.TOPOLOGY, RepairStage.NODES, RepairStage.SUPERBLOCK);

  private final WritableFilesystem filesystem;
  private final Quiet quiet;
  private final CheckOptions options;
  private final int rounds;
  private final RepairListener listener;
  private final Map<String, Boolean> answers = new HashMap<>();

  /** Lets something be done while nobody changes the filesystem. */
  @FunctionalInterface
  public interface Quiet {
    /**
     * Does it.
     *
     * @throws RefusedException if somebody does not come to an end
     */
    void run(Runnable work);
  }

  /**
   * @param rounds how often something is repaired and checked again, at most; 0 to check only
   */
  public OnlineRepair(
      WritableFilesystem filesystem,
      Quiet quiet,
      CheckOptions options,
      int rounds,
      RepairListener listener) {
    this.filesystem = filesystem;
    this.quiet = quiet;
    // Superblocks are written all the time, and say nothing that a mount has not looked at.
    Set<RecoveryPass> without = new TreeSet<>(options.without());
    without.add(RecoveryPass.TRANS_MARK_DEV_SBS);
    this.options = options.withoutPasses(without);
    this.rounds = rounds;
    this.listener = listener;
  }

  /** Whether what that finding says can be put right without unmounting. */
  public static boolean isPossible(CheckFinding finding, Repair repair) {
    return finding.pass() != null
        && finding.pass().is(RecoveryPass.Flags.ONLINE)
        && !OFFLINE.contains(repair.stage());
  }

  /**
   * Does it.
   *
   * @throws RefusedException if the filesystem is too full for an older state to be kept meanwhile
   */
  public RepairOutcome run() {
    List<CheckFinding> found = new ArrayList<>();
    CheckSummary first = check(0, found);
    CheckSummary last = first;
    int done = 0;
    Set<String> before = Set.of();
    while (last.findings() > 0 && done < rounds) {
      Map<Repair, List<CheckFinding>> accepted = accepted(found);
      Set<String> now = new TreeSet<>(found.stream().map(OnlineRepair::sentence).toList());
      if (accepted.isEmpty() || now.equals(before)) {
        break;
      }
      before = now;
      quiet.run(() -> repair(accepted));
      done++;
      found.clear();
      last = check(done, found);
    }
    return new RepairOutcome(first, last, done);
  }

  private CheckSummary check(int round, List<CheckFinding> found) {
    ReadingFindings reading = new ReadingFindings();
    FrozenFilesystem[] made = new FrozenFilesystem[1];
    quiet.run(() -> made[0] = filesystem.freeze(reading));
    try (FrozenFilesystem frozen = made[0]) {
      RepairRun.Noting noting =
          new RepairRun.Noting(listener.checking(round, frozen.filesystem()), found);
      CheckSummary summary = new Check(frozen.filesystem(), reading, options, noting).run();
      if (!frozen.isIntact()) {
        throw new RefusedException(
            "too_full",
            Place.NOWHERE,
            "the filesystem was too full to keep what it was like when the check began; unmount it"
                + " to check it, or make room");
      }
      return summary;
    }
  }

  private static String sentence(CheckFinding finding) {
    return finding.name() + " " + finding.sentence();
  }

  private Map<Repair, List<CheckFinding>> accepted(List<CheckFinding> found) {
    Map<Repair, List<CheckFinding>> accepted = new LinkedHashMap<>();
    for (CheckFinding finding : found) {
      Repair repair = RepairTable.of(finding).orElse(null);
      boolean isAccepted =
          repair != null
              && !finding.note()
              && isPossible(finding, repair)
              && answers.computeIfAbsent(sentence(finding), _ -> listener.accept(finding, repair));
      if (isAccepted) {
        accepted.computeIfAbsent(repair, _ -> new ArrayList<>()).add(finding);
      }
    }
    return accepted;
  }

  private void repair(Map<Repair, List<CheckFinding>> accepted) {
    RepairMark mark = new RepairMark(filesystem.superblockWriter());
    long required = mark.required();
    mark.set();
    List<CheckFinding> all = accepted.values().stream().flatMap(List::stream).toList();
    RepairContext context = new RepairContext(filesystem, options, listener::lost, all);
    for (Repair repair : RepairTable.ALL) {
      List<CheckFinding> findings = accepted.get(repair);
      if (findings != null) {
        listener.repairing(repair, findings);
        repair.run(context, List.copyOf(findings));
        filesystem.sync();
      }
    }
    long now = filesystem.clocks().wall().instant().getEpochSecond();
    new DamageNotes(filesystem, now).add(all);
    filesystem.repair().recountSpace();
    // What is left was so before, and did not keep anybody from using it.
    mark.restore(required);
  }
}
