// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.format.OptionTable;
import org.jbcachefs.cli.format.OptionValues;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.show.OptionText;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FilesystemOption.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code set-fs-option}. */
@Command(
    name = "set-fs-option",
    sortOptions = false,
    description = {
      "Changes options of a filesystem that is not mounted, and of its members: all members must be"
          + " named.",
      "Options by which existing files would have to be written anew (replicas, checksums,"
          + " compression) count for what is written from then on, and it is noted down that the"
          + " rest is to be looked at. Targets are not offered."
    })
public final class SetFilesystemOption implements CliCommand {
  /** Where a member keeps its options. */
  private static final Map<FilesystemOption, BitRange> OF_MEMBERS =
      Map.of(
          FilesystemOption.DISCARD, Member.DISCARD,
          FilesystemOption.ROTATIONAL, Member.ROTATIONAL);

  private final Map<FilesystemOption, String> typed = new EnumMap<>(FilesystemOption.class);
  private final OptionTable table = new OptionTable(SetFilesystemOption::isOffered);

  @Parameters(arity = "1..*", paramLabel = "DEV", description = "All members of the filesystem.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-d", "--dev-idx"},
      paramLabel = "N",
      description = "Options of members are for that one; may be repeated. Without it: for all.")
  private List<Integer> indexes = new ArrayList<>();

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be changed.")
  private boolean dryRun;

  private static boolean isOffered(FilesystemOption option) {
    if (!option.isOfThisVersion() || option.is(Scope.HIDDEN)) {
      return false;
    }
    return OF_MEMBERS.containsKey(option)
        || (option.is(Scope.FS)
            && option.is(Scope.RUNTIME | Scope.MOUNT)
            && SuperblockEditor.keeps(option)
            && !isTarget(option));
  }

  private static boolean isTarget(FilesystemOption option) {
    return switch (option) {
      case METADATA_TARGET, FOREGROUND_TARGET, BACKGROUND_TARGET, PROMOTE_TARGET -> true;
      default -> false;
    };
  }

  /** Whether existing files and nodes may be other than such an option wants them. */
  private static boolean leavesWork(FilesystemOption option) {
    return switch (option) {
      case METADATA_REPLICAS, METADATA_CHECKSUM, METADATA_TARGET -> true;
      case INODES_32BIT -> false;
      default -> option.is(Scope.INODE);
    };
  }

  @Override
  public void addOptions(CommandSpec spec) {
    table.declare(spec, typed::put);
  }

  @Override
  public List<String> prepared(List<String> arguments) {
    return table.prepared(arguments);
  }

  @Override
  public int run(Invocation invocation) {
    Map<FilesystemOption, Long> values = new EnumMap<>(FilesystemOption.class);
    typed.forEach((option, text) -> values.put(option, OptionValues.parse(option, text)));
    if (values.isEmpty()) {
      throw new UsageException("no option given");
    }
    List<Path> paths = MemberOptions.devices(devices);
    if (!dryRun && values.keySet().stream().anyMatch(SetFilesystemOption::leavesWork)) {
      askForScan(invocation, paths);
    }
    OfflineMembers.with(
        invocation, paths, !dryRun, superblock -> change(invocation, superblock, values));
    return ExitCode.DONE;
  }

  /** Before the options change: nothing may be other than they say without that note. */
  private static void askForScan(Invocation invocation, List<Path> paths) {
    List<BlockDevice> opened = new ArrayList<>();
    paths.forEach(path -> opened.add(invocation.devices().openReadWrite(path)));
    WriteOptions options = WriteOptions.defaults();
    KeySource key = new PassphraseSources(invocation, null);
    try (WritableFilesystem filesystem =
        WritableFilesystem.open(opened, options.withOpen(options.open().withKeySource(key)))) {
      filesystem.askForScan();
    }
  }

  private void change(
      Invocation invocation, SuperblockWriter superblock, Map<FilesystemOption, Long> values) {
    List<Integer> members = members(superblock);
    report(invocation, superblock, values);
    if (dryRun) {
      invocation.note("nothing was written");
      return;
    }
    superblock.update(editor -> {
      for (Map.Entry<FilesystemOption, Long> entry : values.entrySet()) {
        BitRange ofMember = OF_MEMBERS.get(entry.getKey());
        if (ofMember == null) {
          editor.option(entry.getKey(), entry.getValue());
        } else {
          for (int index : members) {
            superblock.member(editor, index, each -> each.flag(ofMember, entry.getValue()));
          }
        }
      }
    });
  }

  private List<Integer> members(SuperblockWriter superblock) {
    List<Integer> members = new ArrayList<>();
    for (Member member : superblock.current().members()) {
      if (member.exists() && (indexes.isEmpty() || indexes.contains(member.index()))) {
        members.add(member.index());
      }
    }
    if (!members.containsAll(indexes)) {
      throw new UsageException("there is no member with one of the indexes " + indexes);
    }
    return members;
  }

  private static void report(
      Invocation invocation, SuperblockWriter superblock, Map<FilesystemOption, Long> values) {
    if (invocation.out().isJson()) {
      JsonWriter json = invocation.out().data().beginObject();
      values.forEach((option, value) ->
          json.field(option.toString(), OptionText.value(superblock.current(), option, value)));
      json.endObject();
    } else {
      values.forEach((option, value) ->
          invocation
              .out()
              .text()
              .println(option + ": " + OptionText.value(superblock.current(), option, value)));
    }
  }
}
