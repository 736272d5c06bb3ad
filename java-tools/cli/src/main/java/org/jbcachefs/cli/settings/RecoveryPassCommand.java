// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.RecoveryPassesSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.RecoveryPass;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code recovery-pass}. */
@Command(
    name = "recovery-pass",
    description = {
      "Shows the recovery passes that a filesystem's superblock asks for, which the next mount or"
          + " fsck has to run, and changes them; it must not be mounted, and all members must be"
          + " named."
    })
public final class RecoveryPassCommand implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEV", description = "All members of the filesystem.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-s", "--set"},
      split = ",",
      paramLabel = "PASS",
      description = "Ask for these passes too.")
  private List<String> set = new ArrayList<>();

  @Option(
      names = {"-u", "--unset"},
      split = ",",
      paramLabel = "PASS",
      description = "Ask for these no more.")
  private List<String> unset = new ArrayList<>();

  @Option(
      names = {"-l", "--list"},
      description = "Show all passes and when each ran last.")
  private boolean list;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only show what would be asked for.")
  private boolean dryRun;

  @Override
  public int run(Invocation invocation) {
    long more = bits(set);
    long less = bits(unset);
    boolean write = !dryRun && (more | less) != 0;
    OfflineMembers.withOlder(
        invocation,
        MemberOptions.devices(devices),
        write,
        superblock -> run(invocation, superblock, more, less));
    return ExitCode.DONE;
  }

  private void run(Invocation invocation, SuperblockWriter superblock, long more, long less) {
    long before = required(superblock.current());
    long after = (before & ~less) | more;
    if (after != before && !dryRun) {
      superblock.update(editor -> editor.recoveryPassesRequired(after));
    }
    if (invocation.out().isJson()) {
      json(invocation.out().data(), superblock.current(), before, after);
    } else {
      text(invocation.out().text(), superblock.current(), after);
    }
    if (dryRun) {
      invocation.note("nothing was written");
    }
  }

  private static long required(Superblock superblock) {
    return superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
  }

  private void text(TextWriter text, Superblock superblock, long passes) {
    String names = names(passes).stream().collect(Collectors.joining(","));
    text.println("Scheduled recovery passes: " + (names.isEmpty() ? "(none)" : names));
    if (list) {
      for (RecoveryPass pass : RecoveryPass.values()) {
        Optional<RecoveryPassesSection.Entry> run = lastRun(superblock, pass);
        String when =
            run.map(entry ->
                    "last run " + time(entry) + ", " + seconds(entry.lastRuntime()) + " seconds")
                .orElse("not known to have run");
        text.println("  " + pass + ": " + when);
      }
    }
  }

  private static String time(RecoveryPassesSection.Entry entry) {
    return java.time.Instant.ofEpochSecond(entry.lastRun()).toString();
  }

  private static String seconds(int unsigned) {
    return Integer.toUnsignedString(unsigned);
  }

  private void json(JsonWriter json, Superblock superblock, long before, long after) {
    json.beginObject().field("dry_run", dryRun);
    array(json, "required_before", names(before));
    array(json, "required", names(after));
    if (list) {
      json.beginArray("passes");
      for (RecoveryPass pass : RecoveryPass.values()) {
        json.beginObject().field("name", pass.toString());
        Optional<RecoveryPassesSection.Entry> run = lastRun(superblock, pass);
        if (run.isPresent()) {
          json.field("last_run", run.get().lastRun());
          json.field("seconds", Integer.toUnsignedLong(run.get().lastRuntime()));
        } else {
          json.nothing("last_run").nothing("seconds");
        }
        json.endObject();
      }
      json.endArray();
    }
    json.endObject();
  }

  private static void array(JsonWriter json, String key, List<String> names) {
    json.beginArray(key);
    names.forEach(json::value);
    json.endArray();
  }

  private static Optional<RecoveryPassesSection.Entry> lastRun(
      Superblock superblock, RecoveryPass pass) {
    return superblock
        .section(SectionType.RECOVERY_PASSES)
        .map(superblock::decode)
        .filter(RecoveryPassesSection.class::isInstance)
        .map(section -> ((RecoveryPassesSection) section).entries())
        .filter(entries -> pass.number() < entries.size())
        .map(entries -> entries.get(pass.number()))
        .filter(entry -> entry.lastRun() != 0);
  }

  /** Known passes in the order in which they run, then the numbers of others. */
  private static List<String> names(long passes) {
    List<String> names = new ArrayList<>();
    RecoveryPass.inWord(passes).forEach(pass -> names.add(pass.toString()));
    for (int number = 0; number < Long.SIZE; number++) {
      if ((passes >>> number & 1) != 0 && RecoveryPass.of(number) == null) {
        names.add(Integer.toString(number));
      }
    }
    return names;
  }

  private static long bits(List<String> names) {
    long bits = 0;
    for (String name : names) {
      bits |= 1L << number(name.strip());
    }
    return bits;
  }

  private static int number(String name) {
    return Arrays.stream(RecoveryPass.values())
        .filter(pass -> pass.toString().equals(name.replace('-', '_')))
        .findFirst()
        .orElseThrow(
            () -> new UsageException("there is no recovery pass '" + name + "'; -l lists them"))
        .number();
  }
}
