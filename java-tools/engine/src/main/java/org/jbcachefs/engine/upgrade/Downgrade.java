// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.UpgradeBeginning;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.write.OfflineSuperblock;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Takes a filesystem back to an older version, for implementations that know no newer one: what
 * these do themselves when they meet it, done beforehand. The superblock says the older version,
 * and asks for the recovery passes, and for the silence about errors, that its downgrade section
 * names for the versions in between: whoever mounts it next runs them. Keys stay as they are, but
 * when {@link #PER_DEVICE} is left: what an implementation of 1.38 would trip over is written by
 * {@link #rewrite} as that version has it. Source: {@code bch2_check_version_downgrade}, {@code
 * bch2_sb_set_downgrade}.
 */
public final class Downgrade {
  /** The oldest version that filesystems are made for. */
  private static final int OLDEST = MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number();

  /** Lists of buckets and counters of snapshots were of another form before it. */
  private static final int PER_DEVICE = MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();

  /** Implementations before it count backpointers in one way, whatever superblocks say. */
  private static final int WITH_BP_SHIFT = MetadataVersion.number(1, 36);

  private static final int OLD_BP_SHIFT = 10;

  private Downgrade() {}

  /**
   * Refuses what an implementation of that version could not use.
   *
   * @param to number of the version
   * @throws RefusedException by name
   */
  public static void check(Superblock superblock, int to) {
    check(superblock, to, true);
  }

  private static void check(Superblock superblock, int to, boolean ended) {
    superblock.refuseUnreadable();
    if (superblock.version() > MetadataVersion.NEWEST.number()) {
      throw refused(
          superblock,
          "downgrade_required",
          "it is newer than "
              + MetadataVersion.describe(MetadataVersion.NEWEST.number())
              + ", and only read");
    }
    if (to < OLDEST) {
      throw refused(
          superblock,
          "bad_version",
          "versions from " + MetadataVersion.describe(OLDEST) + " on can be gone back to");
    }
    if (superblock.versionIncompat() > to) {
      throw refused(
          superblock,
          "incompatible_in_use",
          "incompatible features of "
              + MetadataVersion.describe(superblock.versionIncompat())
              + " are in use, which "
              + MetadataVersion.describe(to)
              + " does not know");
    }
    for (Feature feature : new Feature[] {Feature.SMALL_IMAGE, Feature.NO_ALLOC_INFO}) {
      if (superblock.has(feature)) {
        throw refused(
            superblock, "feature_" + feature, "an image made for reading only (" + feature + ")");
      }
    }
    if (to < WITH_BP_SHIFT && superblock.extentBpShift() != OLD_BP_SHIFT) {
      throw refused(
          superblock,
          "extent_bp_shift",
          "its backpointers count sectors times 2^"
              + superblock.extentBpShift()
              + "; implementations before "
              + MetadataVersion.describe(WITH_BP_SHIFT)
              + " know 2^"
              + OLD_BP_SHIFT
              + " alone");
    }
    if (ended && (!superblock.clean() || superblock.cleanSection().isEmpty())) {
      throw refused(superblock, "not_clean", "it was not shut down cleanly; mount it first");
    }
    if (superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE) != superblock.version()) {
      throw refused(superblock, "unfinished_upgrade", "an upgrade was not finished; finish it");
    }
  }

  private static RefusedException refused(Superblock superblock, String reason, String why) {
    return new RefusedException(
        reason, superblock.place(), "the filesystem cannot be downgraded: " + why);
  }

  /**
   * Does it; one write of the superblocks, durable when this returns.
   *
   * @param plan for that version, as {@link VersionPlan#of} makes it
   */
  public static void run(SuperblockWriter superblock, VersionPlan plan) {
    Superblock before = superblock.current();
    check(before, plan.to());
    long passes = before.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
    Set<Integer> silent = new TreeSet<>(plan.errors());
    before.ext().ifPresent(ext -> silent.addAll(ext.errorsSilent()));
    superblock.update(editor -> {
      editor
          .version(plan.to())
          .versionMin(Math.min(before.versionMin(), plan.to()))
          .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, plan.to())
          .flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, plan.allowedAfter());
      if ((passes | plan.passes()) != 0) {
        editor.recoveryPassesRequired(passes | plan.passes()).errorsSilent(silent);
      }
    });
  }

  /** Whether more has to be written than superblocks: {@link #rewrite}. */
  public static boolean isDeep(VersionPlan plan) {
    return plan.from() >= PER_DEVICE && plan.to() < PER_DEVICE;
  }

  /** Opens all members, to be written to. */
  @FunctionalInterface
  public interface Members {
    List<BlockDevice> open() throws IOException;
  }

  /**
   * Takes a filesystem back from 1.39 to 1.38, keys and all: what was deleted goes for good, the
   * superblock says the version and asks for the passes, and what follows from other keys is
   * written as they say; then nobody has to run a pass any more. If it is cut off, whoever mounts
   * it next runs them.
   */
  public static void rewrite(Members members, UpgradeOptions options) throws IOException {
    try (WritableFilesystem filesystem = WritableFilesystem.open(members.open(), options.write())) {
      check(filesystem.superblock(), MetadataVersion.CURRENT.number(), false);
      WritableTree tree = new WritableTree(filesystem, options.write().open().findings());
      tree.cleanUp();
      tree.close();
    }
    List<BlockDevice> opened = members.open();
    VersionPlan plan;
    try {
      SuperblockWriter superblock = OfflineSuperblock.open(opened, options.write().clock());
      Superblock before = superblock.current();
      plan = VersionPlan.of(before, VersionPlan.policyOf(before), MetadataVersion.CURRENT.number());
      run(superblock, plan);
    } finally {
      opened.forEach(BlockDevice::close);
    }
    try (WritableFilesystem filesystem =
        WritableFilesystem.openForUpgrade(members.open(), options.write(), new Begun())) {
      new SpaceStep().run(filesystem, options);
      filesystem.repair().checkpoint();
      filesystem
          .superblockWriter()
          .update(editor -> {
            Superblock now = filesystem.superblock();
            long left =
                now.ext().map(ExtSection::recoveryPassesRequired).orElse(0L) & ~plan.passes();
            Set<Integer> silent = new TreeSet<>();
            now.ext().filter(_ -> left != 0).ifPresent(ext -> silent.addAll(ext.errorsSilent()));
            editor.recoveryPassesRequired(left).errorsSilent(silent);
          });
    }
  }

  /** The superblock has been told already. */
  private static final class Begun implements UpgradeBeginning {
    @Override
    public boolean mayBeShort(Superblock superblock) {
      return false;
    }

    @Override
    public Set<BtreeId> check(ReadFilesystem filesystem) {
      return Set.of();
    }

    @Override
    public void begin(Superblock before, SuperblockEditor editor) {}
  }

  /** Passes that an upgrade stands for besides those that the format's table asks for. */
  static long covered(VersionPlan plan) {
    long covered = plan.passes();
    for (UpgradeStep step : UpgradeRun.STEPS) {
      if (step.isNeeded(plan)) {
        for (RecoveryPass pass : step.passes()) {
          covered |= 1L << pass.number();
        }
      }
    }
    return covered;
  }
}
