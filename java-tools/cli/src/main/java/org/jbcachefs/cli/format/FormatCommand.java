// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.platform.Machine;
import org.jbcachefs.cli.show.CalendarTime;
import org.jbcachefs.cli.show.MemberNames;
import org.jbcachefs.cli.show.SuperblockJson;
import org.jbcachefs.cli.show.SuperblockText;
import org.jbcachefs.cli.source.SourceSync;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.FormatRequest;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;

/** {@code format}. */
@Command(
    name = "format",
    sortOptions = false,
    description = {
      "Makes a filesystem on one or more devices or image files; all that they hold is lost.",
      "Options of devices stand before the devices that they are for, and hold for all that follow"
          + " until they are given anew: format --label=ssd A --label=hdd B C.",
      "What holds something already is overwritten only with -f."
    })
public final class FormatCommand implements CliCommand {
  @Mixin private FormatWords words = new FormatWords();

  @Option(
      names = "--source",
      paramLabel = "DIR",
      description = "Copy what is in that directory into the new filesystem.")
  private String source;

  @Option(
      names = {"-f", "--force"},
      description = "Overwrite what the devices hold.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be made.")
  private boolean dryRun;

  @Mixin private QuietOptions says = new QuietOptions();

  @Option(
      names = "--fs-size",
      paramLabel = "SIZE",
      description = "Of the devices that follow: how much of the device is used.")
  void size(String text) {
    if (text != null) {
      words.devices().size(text);
    }
  }

  @Override
  public void addOptions(CommandSpec spec) {
    words.declare(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("DEV")
            .description("A device or an image file that exists.")
            .parameterConsumer((typed, _, _) -> words.devices().device(typed.pop()))
            .build());
  }

  @Override
  public List<String> prepared(List<String> arguments) {
    return words.prepared(arguments);
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    checkWords();
    UUID internal = FormatPlan.randomUuid(new SecureRandom());
    Optional<FilesystemKey> key = words.key();
    List<DeviceWords.Device> devices = words.devices().devices();
    List<MemberRequest> members = new FormatDevices(invocation).open(devices, force, !dryRun);
    boolean formatting = false;
    try {
      FormatRequest request = words.request(invocation, internal, key, members);
      FormatOptions plan = FormatPlan.decide(request, Machine.here(), new SecureRandom());
      if (dryRun) {
        show(invocation, FilesystemFormat.preview(plan, 0, invocation.clock().instant()), devices);
        invocation.note("nothing was written");
        return ExitCode.DONE;
      }
      formatting = true;
      format(invocation, plan, key, source);
    } finally {
      if (!formatting) {
        members.forEach(member -> member.device().close());
      }
    }
    show(invocation, written(invocation, devices), devices);
    return ExitCode.DONE;
  }

  private void checkWords() {
    words.check();
    if (source != null) {
      SourceWords.check(source);
    }
  }

  private static void format(
      Invocation invocation, FormatOptions plan, Optional<FilesystemKey> key, String source)
      throws IOException {
    WriteOptions options = WriteOptions.defaults().withClock(invocation.clock());
    try (WritableFilesystem filesystem = FilesystemFormat.create(plan, key, options)) {
      if (source != null) {
        SourceSync.run(invocation, filesystem, source);
      }
    }
  }

  private static Superblock written(Invocation invocation, List<DeviceWords.Device> words) {
    try (BlockDevice first = invocation.devices().openReadOnly(Path.of(words.getFirst().path()))) {
      return SuperblockSearch.find(first).require();
    }
  }

  private void show(Invocation invocation, Superblock superblock, List<DeviceWords.Device> words) {
    Map<Integer, String> paths = new HashMap<>();
    for (int index = 0; index < words.size(); index++) {
      paths.put(index, words.get(index).path());
    }
    MemberNames names = new MemberNames(paths);
    invocation.out().filesystem(superblock.userUuid());
    if (invocation.out().isJson()) {
      JsonWriter json = invocation.out().data();
      json.beginObject().field("dry_run", dryRun).key("superblock");
      new SuperblockJson(superblock, names).write(json);
      json.endObject();
    } else if (!says.quiet()) {
      CalendarTime time = new CalendarTime(invocation.clock().getZone());
      SuperblockText text = new SuperblockText(superblock, names, time);
      invocation.out().text().print(text.all(EnumSet.of(SectionType.MEMBERS_V2), false, false));
    }
  }
}
