// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.UpgradeBeginning;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteRefusals;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.version.VersionRow;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Opens a filesystem of an older version for writing, and brings it to this one: says so in the
 * superblock, with the passes that have to run and the errors that they are to expect, runs the
 * steps, and says that it is done. One that was cut off is begun again: the superblock keeps the
 * version that the last finished upgrade reached. One use.
 */
public final class UpgradeRun implements UpgradeBeginning {
  /** In the order in which they run: nodes find room when the first is done. */
  static final List<UpgradeStep> STEPS =
      List.of(new SpaceStep(), new ReconcileStep(), new CaseInsensitiveStep(), new StatesStep());

  /** Below it there are forms that no step knows. */
  private static final MetadataVersion OLDEST = MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS;

  /** The number of the choice fix_safe of the option errors. */
  private static final int FIX_SAFE = 1;

  private final UpgradeOptions options;

  /** Null if it went the short way. */
  private VersionPlan plan;

  private UpgradeRun(UpgradeOptions options) {
    this.options = options;
  }

  /** What is to be done to a filesystem with that superblock. */
  public static VersionPlan plan(Superblock superblock, UpgradePolicy policy) {
    return plan(superblock, policy, 0);
  }

  /**
   * The same, on the way to a version.
   *
   * @param to its number; 0 for what the filesystem is written as when nobody asks
   */
  public static VersionPlan plan(Superblock superblock, UpgradePolicy policy, int to) {
    UpgradePolicy chosen = policy == null ? VersionPlan.policyOf(superblock) : policy;
    return VersionPlan.of(superblock, chosen, target(superblock, to));
  }

  private static int target(Superblock superblock, int to) {
    return Math.max(to, MetadataVersion.writtenAs(superblock.version()));
  }

  /** Whether anything is to be done. */
  public static boolean isNeeded(VersionPlan plan) {
    return plan.direction() == VersionPlan.Direction.UPGRADE
        || plan.unfinished()
        || (plan.direction() == VersionPlan.Direction.NONE
            && plan.allowedAfter() > plan.allowedBefore());
  }

  /**
   * Opens the filesystem, upgraded if it must be or the policy wants it. The devices are closed
   * with it, or at once if it cannot be opened.
   *
   * @throws RefusedException by name, if it cannot be upgraded or must not be written to
   */
  public static WritableFilesystem open(List<BlockDevice> devices, UpgradeOptions options) {
    VersionPlan plan;
    boolean known = false;
    try {
      Superblock superblock = DeviceSetAssembly.assemble(devices).superblock();
      plan = plan(superblock, options.policy(), options.to());
      known = true;
    } finally {
      if (!known) {
        devices.forEach(BlockDevice::close);
      }
    }
    return isNeeded(plan)
        ? new UpgradeRun(options).upgrade(devices)
        : WritableFilesystem.open(devices, options.write());
  }

  /**
   * Refuses what cannot be upgraded.
   *
   * @throws RefusedException with the reason
   */
  private static void check(ReadFilesystem filesystem, VersionPlan plan, UpgradeOptions options) {
    Superblock superblock = filesystem.superblock();
    int newest = MetadataVersion.NEWEST.number();
    superblock.refuseUnreadable();
    if (superblock.version() > newest) {
      throw new RefusedException(
          "downgrade_required",
          superblock.place(),
          "the filesystem is at version "
              + MetadataVersion.describe(superblock.version())
              + ", and only versions up to "
              + MetadataVersion.describe(newest)
              + " are written; it can be read");
    }
    if (plan.from() < OLDEST.number()) {
      throw refused(
          superblock,
          "versions before " + MetadataVersion.describe(OLDEST.number()) + " are only read");
    }
    if (plan.to() != target(superblock, options.to())) {
      throw refused(superblock, "policy " + plan.policy() + " leaves it there");
    }
    if (options.write().open().degraded() != Degraded.YES) {
      refuseMissing(filesystem.devices());
    }
    if (!options.ends()) {
      WriteRefusals.refuseStripes(filesystem.btrees(), superblock.place());
    }
    refuseDamaged(superblock, plan);
    for (VersionRow row : plan.rows()) {
      Set<RecoveryPass> left = uncovered(row, plan);
      if (!left.isEmpty()) {
        throw refused(
            superblock, "version " + MetadataVersion.describe(row.version()) + " asks for " + left);
      }
    }
    for (UpgradeStep step : STEPS) {
      if (step.isNeeded(plan)) {
        step.obstacle(filesystem, plan)
            .ifPresent(why -> {
              throw refused(superblock, why);
            });
      }
    }
  }

  private static void refuseMissing(DeviceSet devices) {
    for (int index = 0; index < devices.size(); index++) {
      if (devices.member(index) != null && devices.device(index) == null) {
        throw refused(
            devices.superblock(),
            "member "
                + index
                + " is missing, and degraded=yes was not said, which goes without it");
      }
    }
  }

  private static void refuseDamaged(Superblock superblock, VersionPlan plan) {
    long required = superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
    long others = required & ~Downgrade.covered(plan);
    if (others != 0) {
      throw new RefusedException(
          "recovery_passes_required",
          superblock.place(),
          "the filesystem wants to be checked first: " + RecoveryPass.inWord(others));
    }
    if (superblock.isSet(SuperblockFlag.HAS_TOPOLOGY_ERRORS)) {
      throw new RefusedException(
          "topology_errors",
          superblock.place(),
          "the btrees are known to be damaged; check it first");
    }
  }

  /** Passes that crossing a version asks for and no step stands for. */
  static Set<RecoveryPass> uncovered(VersionRow row, VersionPlan plan) {
    Set<RecoveryPass> left = EnumSet.noneOf(RecoveryPass.class);
    left.addAll(RecoveryPass.inWord(row.passes()));
    for (UpgradeStep step : STEPS) {
      if (step.isNeeded(plan)
          && step.versions().stream().anyMatch(version -> version.number() == row.version())) {
        left.removeAll(step.passes());
      }
    }
    return left;
  }

  private static RefusedException refused(Superblock superblock, String why) {
    return new RefusedException(
        "upgrade_required",
        superblock.place(),
        "the filesystem is at version "
            + MetadataVersion.describe(superblock.version())
            + " and cannot be upgraded by this program: "
            + why
            + "; it can be read");
  }

  private WritableFilesystem upgrade(List<BlockDevice> devices) {
    WritableFilesystem filesystem =
        WritableFilesystem.openForUpgrade(devices, options.write(), this);
    if (plan == null) {
      return filesystem;
    }
    boolean done = false;
    try {
      boolean space = false;
      for (UpgradeStep step : STEPS) {
        if (step.isNeeded(plan)) {
          step.run(filesystem, options);
          filesystem.sync();
          space |= step instanceof SpaceStep;
        }
      }
      if (!space) {
        filesystem.repair().allocateFrom(null);
      }
      finish(filesystem);
      done = true;
      return filesystem;
    } finally {
      if (!done) {
        filesystem.abandon();
      }
    }
  }

  @Override
  public boolean mayBeShort(Superblock superblock) {
    VersionPlan asked = plan(superblock, options.policy(), options.to());
    boolean passes = superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L) != 0;
    return !passes
        && asked.to() == MetadataVersion.CURRENT.number()
        && asked.policy() == VersionPlan.policyOf(superblock)
        && asked.allowedAfter() == asked.allowedBefore()
        && asked.direction() == VersionPlan.Direction.UPGRADE;
  }

  @Override
  public Set<BtreeId> check(ReadFilesystem filesystem) {
    plan = plan(filesystem.superblock(), options.policy(), options.to());
    check(filesystem, plan, options);
    Set<BtreeId> useless = EnumSet.noneOf(BtreeId.class);
    for (UpgradeStep step : STEPS) {
      if (step.isNeeded(plan)) {
        useless.addAll(step.beginEmpty(plan));
      }
    }
    return useless;
  }

  @Override
  public void begin(Superblock before, SuperblockEditor editor) {
    long required = before.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
    Set<Integer> silent = new TreeSet<>(silent(before));
    silent.addAll(plan.errors());
    editor.version(plan.to()).recoveryPassesRequired(required | plan.passes()).errorsSilent(silent);
    if (plan.from() < MetadataVersion.AUTOFIX_ERRORS.number()) {
      editor.option(FilesystemOption.ERRORS, FIX_SAFE);
    }
    int shift = bpShift(before);
    if (shift > before.extentBpShift()) {
      editor.flag(SuperblockFlag.EXTENT_BP_SHIFT, shift);
    }
    if (plan.allowedAfter() > plan.allowedBefore()) {
      plan.newFeatures().forEach(editor::feature);
      editor.flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, plan.allowedAfter());
    }
  }

  /** Backpointers must tell the places of extents apart, however large those are encoded. */
  private static int bpShift(Superblock superblock) {
    long most = superblock.option(FilesystemOption.ENCODED_EXTENT_MAX).orElseThrow() >> 9;
    return Long.SIZE - Long.numberOfLeadingZeros(most);
  }

  private static Set<Integer> silent(Superblock superblock) {
    return superblock.ext().map(ext -> Set.copyOf(ext.errorsSilent())).orElse(Set.of());
  }

  private void finish(WritableFilesystem filesystem) {
    if (plan.allowedAfter() > plan.allowedBefore()) {
      // From now on background work is noted, and none has been yet.
      filesystem.askForScan();
    }
    // What the steps replaced must not come back from the journal once the upgrade counts as done.
    filesystem.repair().checkpoint();
    filesystem
        .superblockWriter()
        .update(editor -> {
          Superblock now = filesystem.superblock();
          long required = now.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
          long left = required & ~Downgrade.covered(plan);
          Set<Integer> silent = new TreeSet<>(silent(now));
          silent.removeAll(left == 0 ? silent(now) : plan.errors());
          editor
              .recoveryPassesRequired(left)
              .errorsSilent(silent)
              .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, plan.to());
        });
  }
}
