// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
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
      "Says what it would take if an implementation of some version mounted a filesystem of another:"
          + " recovery passes, errors repaired in silence, and what cannot be undone.",
      "Nothing is written: --dry-run must be given."
    })
public final class UpgradeCommand implements CliCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "DEV",
      description = "Members: several, or one argument joined by ':', or UUID=...")
  private List<String> devices = new ArrayList<>();

  @Mixin private MemberOptions members = new MemberOptions();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be done.")
  private boolean dryRun;

  @Option(
      names = "--policy",
      paramLabel = "POLICY",
      description = "compatible, incompatible or none. Without it: the filesystem's own.")
  private String policy;

  @Option(
      names = "--to",
      paramLabel = "X.Y",
      description = "Version of the implementation that mounts it. Without it: this one's.")
  private String to;

  @Override
  public int run(Invocation invocation) throws IOException {
    UpgradePolicy chosen = policy == null ? null : policy(policy);
    int newest = to == null ? MetadataVersion.CURRENT.number() : VersionText.parse(to);
    if (!dryRun) {
      throw new RefusedException(
          "not_written",
          Place.device(devices.getFirst(), -1),
          "this version upgrades no filesystem; --dry-run says what an upgrade would take");
    }
    List<BlockDevice> opened = ReadOptions.openDevices(invocation, members.members(devices));
    try {
      Superblock superblock = newestOf(invocation, opened);
      superblock.refuseUnreadable();
      invocation.out().filesystem(superblock.userUuid());
      UpgradePolicy policyNow = chosen == null ? VersionPlan.policyOf(superblock) : chosen;
      VersionPlan plan = VersionPlan.of(superblock, policyNow, newest);
      if (invocation.out().isJson()) {
        new VersionPlanJson(plan).write(invocation.out().data());
      } else {
        invocation.out().text().print(new VersionPlanText(plan).text());
      }
      return ExitCode.DONE;
    } finally {
      opened.forEach(BlockDevice::close);
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
