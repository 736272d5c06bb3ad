// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.platform.Machine;
import org.jbcachefs.cli.source.SourceSync;
import org.jbcachefs.engine.image.ImageSession;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.FormatPlan;
import org.jbcachefs.engine.recovery.FormatRequest;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.tables.FilesystemOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code image create}. */
@Command(
    name = "create",
    sortOptions = false,
    description = {
      "Makes a filesystem image of a directory, in a new file, as small as it can be: without a"
          + " journal, without what is kept about space, cut behind the last bucket in use.",
      "It can be read and mounted read-only as it is. A kernel that finds it on a larger device makes"
          + " it as large as that, and all that it lacks anew, when it is mounted read-write."
    })
public final class ImageCreateCommand implements CliCommand {
  @Mixin private FormatWords words = new FormatWords();

  @Option(names = "--source", required = true, paramLabel = "DIR", description = "The directory.")
  private String source;

  @Option(
      names = {"-a", "--keep-alloc"},
      description = {
        "With a journal and all that is kept about space, and some free buckets.",
        "Without it kernels make that anew when it is first mounted read-write."
      })
  private boolean keepAlloc;

  @Option(
      names = {"-f", "--force"},
      description = "Overwrite the file if it holds something.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Make the image as a temporary file, which is removed at once.")
  private boolean dryRun;

  @Mixin private QuietOptions says = new QuietOptions();

  @Parameters(arity = "1", paramLabel = "IMAGE", description = "The file; it need not exist.")
  private String image;

  @Override
  public void addOptions(CommandSpec spec) {
    words.declare(spec);
  }

  @Override
  public List<String> prepared(List<String> arguments) {
    return words.prepared(arguments);
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    words.check();
    SourceWords.check(source);
    words.devices().device(image);
    DeviceWords.Device device = words.devices().devices().getFirst();
    Path path = Path.of(image);
    ImageFiles.check(invocation, path, force || dryRun);
    Optional<FilesystemKey> key = words.key();
    long room = ImageFiles.room(source);
    boolean done = false;
    try (BlockDevice temporary =
        dryRun
            ? ImageFiles.forTrial(invocation, room)
            : ImageFiles.temporary(invocation, path, room)) {
      long bytes;
      try (BlockDevice made =
          dryRun
              ? ImageFiles.forTrial(invocation, room)
              : ImageFiles.make(invocation, path, room)) {
        bytes = fill(invocation, device, List.of(made, temporary), key);
      }
      if (!dryRun) {
        ImageFiles.setLength(path, bytes);
      }
      done = true;
    } finally {
      if (!done && !dryRun) {
        Files.deleteIfExists(path);
      }
    }
    return ExitCode.DONE;
  }

  private long fill(
      Invocation invocation,
      DeviceWords.Device device,
      List<BlockDevice> devices,
      Optional<FilesystemKey> key)
      throws IOException {
    UUID internal = FormatPlan.randomUuid(new SecureRandom());
    List<MemberRequest> members =
        List.of(
            member(devices.getFirst(), device, ImageSession.IMAGE_HOLDS),
            member(
                devices.getLast(),
                new DeviceWords.Device("", 0, null, Map.of()),
                ImageSession.TEMPORARY_HOLDS));
    FormatRequest request = words.request(invocation, internal, key, members);
    FormatOptions plan = FormatPlan.decide(request, Machine.here(), new SecureRandom());
    WriteOptions options = WriteOptions.defaults().withClock(invocation.clock());
    try (ImageSession session = ImageSession.create(plan, key, options)) {
      invocation.out().filesystem(session.filesystem().superblock().userUuid());
      SourceSync.Totals totals = SourceSync.run(invocation, session.filesystem(), source);
      long bytes = session.finish(keepAlloc);
      ImageReport.show(invocation, totals, bytes, dryRun, says.quiet());
      return bytes;
    }
  }

  private static MemberRequest member(BlockDevice device, DeviceWords.Device words, int holds) {
    Map<FilesystemOption, Long> options = new EnumMap<>(FilesystemOption.class);
    options.putAll(words.options());
    options.put(FilesystemOption.DATA_ALLOWED, (long) holds);
    return new MemberRequest(device, 0, words.label(), options, device.blockSize(), false);
  }
}
