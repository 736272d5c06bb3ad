// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.quota;

import java.util.Locale;
import org.jbcachefs.cli.DryRun;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.engine.fs.write.QuotaCounter;
import org.jbcachefs.engine.fs.write.QuotaType;
import org.jbcachefs.engine.fs.write.Quotas;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code quota set}. */
@Command(
    name = "set",
    sortOptions = false,
    description = {
      "Sets limits of a user, group or project of a mounted filesystem, or for how long soft limits"
          + " of all of a kind may be exceeded. What is not named stays; 0 takes a limit away."
    })
public final class SetQuota extends QuotaCommand {
  private static final int SECTOR_SHIFT = 9;
  private static final String ALL = "all";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Whose whose;

  /** For whom. */
  static final class Whose {
    @Option(
        names = {"-u", "--user"},
        paramLabel = "ID",
        description = "Of that user, by number; all: grace times of users.")
    private String user;

    @Option(
        names = {"-g", "--group"},
        paramLabel = "ID",
        description = "Of that group.")
    private String group;

    @Option(
        names = {"-p", "--project"},
        paramLabel = "ID",
        description = "Of that project.")
    private String project;
  }

  @Option(
      names = "--space-soft",
      paramLabel = "SIZE",
      description = "Space that may be exceeded for the grace time.")
  private String spaceSoft;

  @Option(names = "--space-hard", paramLabel = "SIZE", description = "Space at most.")
  private String spaceHard;

  @Option(
      names = "--inodes-soft",
      paramLabel = "N",
      description = "Files that may be exceeded for the grace time.")
  private Long inodesSoft;

  @Option(names = "--inodes-hard", paramLabel = "N", description = "Files at most.")
  private Long inodesHard;

  @Option(
      names = "--space-grace",
      paramLabel = "SECONDS",
      description = "With all: for how long soft limits of space may be exceeded.")
  private Integer spaceGrace;

  @Option(
      names = "--inodes-grace",
      paramLabel = "SECONDS",
      description = "With all: for how long soft limits of files may be exceeded.")
  private Integer inodesGrace;

  @Mixin private DryRun dryRun = new DryRun();

  @Override
  int run(Invocation invocation, MountedChanges changes) {
    QuotaType type = QuotaType.PROJECT;
    String id = whose.project;
    if (whose.user != null) {
      type = QuotaType.USER;
      id = whose.user;
    } else if (whose.group != null) {
      type = QuotaType.GROUP;
      id = whose.group;
    }
    Quotas quotas = changes.tree().quotas();
    boolean limits =
        spaceSoft != null || spaceHard != null || inodesSoft != null || inodesHard != null;
    boolean grace = spaceGrace != null || inodesGrace != null;
    if (id.equals(ALL) ? limits || !grace : grace || !limits) {
      throw new UsageException(
          id.equals(ALL) ? "all takes grace times" : "one user, group or project takes limits");
    }
    if (dryRun.isWanted()) {
      String of = type.name().toLowerCase(Locale.ROOT) + (grace ? "s" : " " + number(id));
      dryRun.say(invocation, "set " + (grace ? "grace times of " : "limits of ") + of);
      return ExitCode.DONE;
    }
    if (grace) {
      grace(quotas, type, QuotaCounter.SPACE, spaceGrace);
      grace(quotas, type, QuotaCounter.INODES, inodesGrace);
      return ExitCode.DONE;
    }
    long seq =
        quotas.setLimits(
            type, number(id), sectors(spaceSoft), sectors(spaceHard), inodesSoft, inodesHard);
    changes.filesystem().flush(seq);
    return ExitCode.DONE;
  }

  private static void grace(Quotas quotas, QuotaType type, QuotaCounter counter, Integer seconds) {
    if (seconds != null) {
      quotas.setGrace(type, counter, seconds);
    }
  }

  private static Long sectors(String size) {
    return size == null ? null : (Long) (ByteSizes.parse(size) >>> SECTOR_SHIFT);
  }

  private static int number(String id) {
    try {
      return Integer.parseUnsignedInt(id);
    } catch (NumberFormatException e) {
      throw new UsageException("'" + id + "' is no number of a user, group or project");
    }
  }
}
