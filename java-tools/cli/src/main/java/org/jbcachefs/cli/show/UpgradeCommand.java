// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.upgrade.Downgrade;
import org.jbcachefs.engine.upgrade.UpgradeOptions;
import org.jbcachefs.engine.upgrade.UpgradeRun;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code upgrade}. */
@Command(
    name = "upgrade",
    description = {
      "Brings a filesystem of an older version to this one: what is of another form is written anew,"
          + " and the superblock says which recovery passes that takes until it is done. One that"
          + " was cut off is done again. It must not be mounted, and all members must be named.",
      "With --to and an older version it is taken back: the superblock says that version then, and"
          + " asks for the recovery passes that whoever mounts it next has to run. That is refused"
          + " where something is in use that the older version does not know.",
      "With --dry-run, and always first, it says what it would take: recovery passes, errors"
          + " repaired in silence, and what cannot be undone; and with --to, what it would take if"
          + " an implementation of some other version mounted the filesystem."
    })
public final class UpgradeCommand implements CliCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "DEV",
      description = "Members: several, or one argument joined by ':', or UUID=...")
  private List<String> devices = new ArrayList<>();

  @Mixin private MemberOptions members = new MemberOptions();
  @Mixin private OpeningOptions opening = new OpeningOptions();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be done.")
  private boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "Also if it is on block devices and not in image files.")
  private boolean yes;

  @Option(
      names = "--policy",
      paramLabel = "POLICY",
      description = "compatible, incompatible or none. Without it: the filesystem's own.")
  private String policy;

  @Option(
      names = "--to",
      paramLabel = "X.Y",
      description = {
        "An older version: go back to it. 1.39: upgrade to that one, which nothing else does.",
        "With --dry-run any version: that of the implementation that mounts it."
      })
  private String to;

  @Override
  public int run(Invocation invocation) throws IOException {
    UpgradePolicy chosen = policy == null ? null : policy(policy);
    int asked = to == null ? 0 : VersionText.parse(to);
    MemberSpec spec = members.members(devices);
    VersionPlan plan = plan(invocation, spec, chosen, asked);
    boolean back = plan.direction() == VersionPlan.Direction.DOWNGRADE;
    if (!dryRun && asked != 0 && (back || asked < MetadataVersion.CURRENT.number())) {
      return goBack(invocation, spec, plan, asked);
    }
    boolean needed = UpgradeRun.isNeeded(plan) || plan.refused();
    boolean upgrades = !dryRun && plan.direction() != VersionPlan.Direction.DOWNGRADE && needed;
    if (!invocation.out().isJson()) {
      invocation.out().text().print(new VersionPlanText(plan).text());
    }
    if (!dryRun && plan.direction() == VersionPlan.Direction.DOWNGRADE) {
      throw new RefusedException(
          "downgrade_required",
          Place.device(devices.getFirst(), -1),
          "the filesystem is newer than this version, which only reads it");
    }
    if (upgrades) {
      upgrade(invocation, spec, chosen, asked);
    }
    if (invocation.out().isJson() && dryRun) {
      new VersionPlanJson(plan).write(invocation.out().data());
    } else if (invocation.out().isJson()) {
      new VersionPlanJson(plan).write(invocation.out().data(), upgrades);
    } else if (!dryRun) {
      String version = MetadataVersion.describe(plan.to());
      invocation.note(upgrades ? "upgraded to " + version : "nothing to do: it is at " + version);
    }
    return ExitCode.DONE;
  }

  private int goBack(Invocation invocation, MemberSpec spec, VersionPlan plan, int to)
      throws IOException {
    if (plan.direction() != VersionPlan.Direction.DOWNGRADE) {
      throw new UsageException(
          "only "
              + MetadataVersion.describe(MetadataVersion.CURRENT.number())
              + " and newer ones are upgraded to; --dry-run says what another one would take");
    }
    if (!invocation.out().isJson()) {
      invocation.out().text().print(new VersionPlanText(plan).text());
    }
    confirm(spec);
    if (Downgrade.isDeep(plan)) {
      OfflineMembers.with(
          invocation, spec.paths(), false, superblock -> Downgrade.check(superblock.current(), to));
      rewrite(invocation, spec);
    }
    if (to != MetadataVersion.CURRENT.number()) {
      OfflineMembers.with(
          invocation,
          spec.paths(),
          true,
          superblock ->
              Downgrade.run(superblock, VersionPlan.of(superblock.current(), plan.policy(), to)));
    }
    if (invocation.out().isJson()) {
      new VersionPlanJson(plan).write(invocation.out().data(), true);
    } else {
      invocation.note("downgraded to " + MetadataVersion.describe(to));
    }
    return ExitCode.DONE;
  }

  private void rewrite(Invocation invocation, MemberSpec spec) throws IOException {
    try (Progress progress = invocation.progress("going back")) {
      Downgrade.rewrite(
          () -> OpeningOptions.openDevicesToWrite(invocation, spec),
          options(invocation).withProgress(progress::begin));
    }
  }

  private UpgradeOptions options(Invocation invocation) {
    return UpgradeOptions.of(
        WriteOptions.defaults()
            .withClock(invocation.clock())
            .withOpen(opening.options(invocation)));
  }

  private static VersionPlan plan(
      Invocation invocation, MemberSpec spec, UpgradePolicy chosen, int asked) throws IOException {
    List<BlockDevice> opened = ReadOptions.openDevices(invocation, spec);
    try {
      Superblock superblock = newestOf(invocation, opened);
      superblock.refuseUnreadable();
      invocation.out().filesystem(superblock.userUuid());
      UpgradePolicy policyNow = chosen == null ? VersionPlan.policyOf(superblock) : chosen;
      int newest = asked == 0 ? MetadataVersion.writtenAs(superblock.version()) : asked;
      return VersionPlan.of(superblock, policyNow, newest);
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }

  private void upgrade(Invocation invocation, MemberSpec spec, UpgradePolicy chosen, int asked)
      throws IOException {
    confirm(spec);
    try (Progress progress = invocation.progress("upgrading")) {
      UpgradeOptions options =
          options(invocation)
              .ending()
              .withPolicy(chosen)
              .withTarget(asked)
              .withProgress(progress::begin);
      UpgradeRun.open(OpeningOptions.openDevicesToWrite(invocation, spec), options).close();
    }
  }

  private void confirm(MemberSpec spec) {
    for (Path path : spec.paths()) {
      if (!yes && !Files.isRegularFile(path)) {
        throw new RefusedException(
            "not_confirmed",
            Place.device(path.toString(), -1),
            "a device is written to; what that means is said above, and -y does it");
      }
    }
  }

  /** The superblock that was written last; a member without one is told, not fatal. */
  private static Superblock newestOf(Invocation invocation, List<BlockDevice> opened) {
    Superblock newest = SuperblockSearch.findThoroughly(opened.getFirst()).require();
    for (BlockDevice device : opened.subList(1, opened.size())) {
      try {
        Superblock other = SuperblockSearch.findThoroughly(device).require();
        if (!other.internalUuid().equals(newest.internalUuid())) {
          throw new RefusedException(
              "not_a_member", other.place(), "a member of another filesystem than the first");
        }
        newest = Long.compareUnsigned(other.seq(), newest.seq()) > 0 ? other : newest;
      } catch (RefusedException e) {
        throw e;
      } catch (BcachefsException e) {
        invocation.problem("", e);
      }
    }
    return newest;
  }

  private static UpgradePolicy policy(String name) {
    for (UpgradePolicy known : UpgradePolicy.values()) {
      if (known.toString().equals(name)) {
        return known;
      }
    }
    throw new UsageException(
        "there is no policy '" + name + "'; there are compatible, incompatible, none");
  }
}
