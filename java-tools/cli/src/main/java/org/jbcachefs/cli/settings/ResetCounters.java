// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.tables.PersistentCounter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reset-counters}. */
@Command(
    name = "reset-counters",
    description = {
      "Sets what a filesystem has counted since it was made to zero; it must not be mounted, and all"
          + " members must be named."
    })
public final class ResetCounters implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEV", description = "All members of the filesystem.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-c", "--counters"},
      split = ",",
      paramLabel = "NAME",
      description = "Only these, by name. Without it: all.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be set to zero.")
  private boolean dryRun;

  @Override
  public int run(Invocation invocation) {
    List<PersistentCounter> counters =
        names.isEmpty()
            ? List.of(PersistentCounter.values())
            : names.stream().map(ResetCounters::counter).toList();
    OfflineMembers.with(
        invocation,
        MemberOptions.devices(devices),
        !dryRun,
        superblock -> reset(invocation, superblock, counters));
    return ExitCode.DONE;
  }

  private static PersistentCounter counter(String name) {
    for (PersistentCounter counter : PersistentCounter.values()) {
      if (counter.toString().equals(name.strip())) {
        return counter;
      }
    }
    throw new UsageException("there is no counter '" + name + "'");
  }

  private void reset(
      Invocation invocation, SuperblockWriter superblock, List<PersistentCounter> counters) {
    Optional<RawSection> section = superblock.current().section(SectionType.COUNTERS);
    byte[] values = section.map(stored -> stored.payload().toArray()).orElse(new byte[0]);
    int reset = 0;
    for (PersistentCounter counter : counters) {
      int at = counter.number() * CountersSection.COUNTER_BYTES;
      if (at < values.length) {
        Arrays.fill(values, at, at + CountersSection.COUNTER_BYTES, (byte) 0);
        reset++;
      }
    }
    if (invocation.out().isJson()) {
      invocation.out().data().beginObject().field("counters", reset).endObject();
    }
    if (dryRun) {
      invocation.note(reset + " counters would be set to zero; nothing was written");
    } else if (reset > 0) {
      Bytes zeroed = Bytes.copyOf(values);
      superblock.update(editor -> editor.section(new CountersSection(zeroed)));
    }
  }
}
