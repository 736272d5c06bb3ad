// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.version;

import static java.util.stream.Collectors.toCollection;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.sb.write.DowngradeEntries;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.tables.UpgradeTable;

/**
 * What it takes when an implementation of some version mounts a filesystem of another. Immutable.
 */
public final class VersionPlan {
  /** Which way the version goes. */
  public enum Direction {
    UPGRADE,
    DOWNGRADE,
    NONE
  }

  /** Number of the version with which {@link RecoveryPass#CHECK_DAMAGE} came. */
  static final int CHECK_DAMAGE_SINCE = MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();

  /** Below it a filesystem is upgraded whatever the policy. */
  private static final int REQUIRED_BELOW = MetadataVersion.BTREE_NODE_ACCOUNTING.number();

  /** What the incompatible policy sets at once. Source: {@code BCH_SB_FEATURES_ALL}. */
  private static final Set<Feature> INCOMPATIBLE_SETS =
      EnumSet.of(
          Feature.NEW_SIPHASH,
          Feature.NEW_EXTENT_OVERWRITE,
          Feature.BTREE_PTR_V2,
          Feature.EXTENTS_ABOVE_BTREE_UPDATES,
          Feature.BTREE_UPDATES_JOURNALLED,
          Feature.NEW_VARINT,
          Feature.JOURNAL_NO_FLUSH,
          Feature.ALLOC_V2,
          Feature.EXTENTS_ACROSS_BTREE_NODES,
          Feature.INCOMPAT_VERSION_FIELD);

  private final Superblock superblock;
  private final UpgradePolicy policy;
  private final int from;
  private final int to;
  private final List<VersionRow> rows;

  private VersionPlan(Superblock superblock, UpgradePolicy policy, int newest) {
    this.superblock = superblock;
    this.policy = policy;
    boolean tooNew = superblock.version() > newest;
    int complete = (int) superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE);
    this.from = tooNew || complete == 0 ? superblock.version() : complete;
    this.to = tooNew ? newest : Math.max(from, target(from, superblock.version(), policy, newest));
    this.rows = tooNew ? downgradeRows() : upgradeRows();
  }

  /**
   * The plan for a filesystem that an implementation of version {@code newest} mounts.
   *
   * @param newest number of a version
   */
  public static VersionPlan of(Superblock superblock, UpgradePolicy policy, int newest) {
    return new VersionPlan(superblock, policy, newest);
  }

  /** The policy that the filesystem has as its option. */
  public static UpgradePolicy policyOf(Superblock superblock) {
    int stored = (int) superblock.flag(SuperblockFlag.VERSION_UPGRADE);
    UpgradePolicy[] known = UpgradePolicy.values();
    return stored < known.length ? known[stored] : UpgradePolicy.COMPATIBLE;
  }

  private static int target(int from, int version, UpgradePolicy policy, int newest) {
    int compatible = MetadataVersion.major(version) == 0 ? version : newest;
    if (from < REQUIRED_BELOW && newest >= REQUIRED_BELOW) {
      boolean farther = policy == UpgradePolicy.INCOMPATIBLE || compatible < REQUIRED_BELOW;
      return farther ? newest : compatible;
    }
    return switch (policy) {
      case COMPATIBLE -> compatible;
      case INCOMPATIBLE -> newest;
      case NONE -> Math.min(from, newest);
    };
  }

  private List<VersionRow> upgradeRows() {
    List<VersionRow> crossed = new ArrayList<>();
    int stripes = MetadataVersion.BUCKET_STRIPE_SECTORS.number();
    if (superblock.has(Feature.EC) && crosses(stripes)) {
      crossed.add(
          new VersionRow(
              stripes,
              1L << RecoveryPass.CHECK_ALLOCATIONS.number(),
              List.of(
                  FsckError.ALLOC_KEY_DIRTY_SECTORS_WRONG.number(),
                  FsckError.ALLOC_KEY_STRIPE_SECTORS_WRONG.number())));
    }
    UpgradeTable.STEPS.stream()
        .filter(step -> crosses(step.version().number()))
        .map(step -> VersionRow.of(step, to))
        .forEach(crossed::add);
    crossed.sort((a, b) -> Integer.compare(a.version(), b.version()));
    return List.copyOf(crossed);
  }

  private boolean crosses(int version) {
    return version > from && version <= to;
  }

  /** From what the superblock itself says: the newer implementation wrote it for older ones. */
  private List<VersionRow> downgradeRows() {
    return recorded().stream().filter(row -> row.version() > to && row.version() <= from).toList();
  }

  /** The superblock's downgrade section, row by row. */
  public List<VersionRow> recorded() {
    return superblock.section(SectionType.DOWNGRADE).map(superblock::decode).stream()
        .filter(DowngradeSection.class::isInstance)
        .flatMap(section -> ((DowngradeSection) section).entries().stream())
        .map(VersionRow::of)
        .toList();
  }

  /**
   * What an implementation older than each row's version will have to do when it takes over after
   * this: the rows that are recorded then, of versions up to the one that is reached.
   */
  public List<VersionRow> goingBack() {
    DowngradeSection section = DowngradeEntries.after(superblock, to);
    return section.entries().stream()
        .map(VersionRow::of)
        .filter(row -> row.version() <= to)
        .toList();
  }

  public Direction direction() {
    if (to == from) {
      return Direction.NONE;
    }
    return to > from ? Direction.UPGRADE : Direction.DOWNGRADE;
  }

  public UpgradePolicy policy() {
    return policy;
  }

  /** Number of the version before: that of the last upgrade that was finished. */
  public int from() {
    return from;
  }

  /** Number of the version afterwards. */
  public int to() {
    return to;
  }

  /** Whether the filesystem is too old to be mounted as it is, whatever the policy. */
  public boolean required() {
    return direction() == Direction.UPGRADE && from < REQUIRED_BELOW && to >= REQUIRED_BELOW;
  }

  /** Whether an upgrade was begun and has not been finished. */
  public boolean unfinished() {
    return direction() != Direction.DOWNGRADE && from != superblock.version();
  }

  /** Whether incompatible features are in use that the other version does not know. */
  public boolean refused() {
    return superblock.versionIncompat() > to;
  }

  /** What each version that is crossed takes, by version. */
  public List<VersionRow> rows() {
    return rows;
  }

  /** Passes of all rows, as bits by stable number. */
  public long passes() {
    return VersionRow.passes(rows);
  }

  /** Those of them that the superblock asks for already. */
  public long alreadyRequired() {
    return passes() & superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
  }

  /** Numbers of the errors of all rows, each once. */
  public List<Integer> errors() {
    return VersionRow.errors(rows);
  }

  /** Number of the version whose incompatible features may be used, before. */
  public int allowedBefore() {
    return superblock.versionIncompatAllowed();
  }

  /** The same afterwards. */
  public int allowedAfter() {
    if (direction() == Direction.DOWNGRADE) {
      return Math.min(allowedBefore(), to);
    }
    return policy == UpgradePolicy.INCOMPATIBLE ? Math.max(allowedBefore(), to) : allowedBefore();
  }

  /**
   * What is to be run on top when newer incompatible features become allowed on a mounted
   * filesystem; one that is allowed them by mounting it does not need it.
   */
  public List<VersionRow> whenAllowedWhileMounted() {
    return UpgradeTable.INCOMPATIBLE_STEPS.stream()
        .filter(step -> step.version().number() > allowedBefore())
        .filter(step -> step.version().number() <= allowedAfter())
        .map(step -> VersionRow.of(step, to))
        .toList();
  }

  /** Number of the version below which implementations refuse the filesystem already; 0: none. */
  public int incompatibleInUse() {
    return superblock.versionIncompat();
  }

  /** Features in use: an implementation that does not know one of them refuses the filesystem. */
  public Set<Feature> features() {
    return Arrays.stream(Feature.values())
        .filter(superblock::has)
        .collect(toCollection(() -> EnumSet.noneOf(Feature.class)));
  }

  /** Features that are not in use yet and will be. */
  public Set<Feature> newFeatures() {
    Set<Feature> added = EnumSet.noneOf(Feature.class);
    boolean writes = policy == UpgradePolicy.INCOMPATIBLE && allowedAfter() > allowedBefore();
    if (direction() != Direction.DOWNGRADE && writes) {
      added.addAll(INCOMPATIBLE_SETS);
      added.removeAll(features());
    }
    return added;
  }

  /** Whether the major number changes: no older implementation reads the filesystem then. */
  public boolean crossesMajor() {
    return MetadataVersion.major(from) != MetadataVersion.major(to);
  }
}
