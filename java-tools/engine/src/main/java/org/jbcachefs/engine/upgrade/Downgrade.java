// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Takes a filesystem back to an older version, for implementations that know no newer one: what
 * these do themselves when they meet it, done beforehand. The superblock says the older version,
 * and asks for the recovery passes, and for the silence about errors, that its downgrade section
 * names for the versions in between: whoever mounts it next runs them. Keys stay as they are.
 * Source: {@code bch2_check_version_downgrade}, {@code bch2_sb_set_downgrade}.
 */
public final class Downgrade {
  /** The oldest version that filesystems are made for. */
  private static final int OLDEST = MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number();

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
    superblock.refuseUnreadable();
    if (superblock.version() > MetadataVersion.CURRENT.number()) {
      throw refused(
          superblock,
          "downgrade_required",
          "it is newer than "
              + MetadataVersion.describe(MetadataVersion.CURRENT.number())
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
    if (!superblock.clean() || superblock.cleanSection().isEmpty()) {
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
