// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.cli.source.SourceSync;
import org.jbcachefs.engine.image.ImageSession;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code image update}. */
@Command(
    name = "update",
    sortOptions = false,
    description = {
      "Makes what is in an image of 'image create' what is in a directory: writes only what differs,"
          + " down to single blocks of files, so that most of the image stays as it is.",
      "Until the last write the image shows what it showed before."
    })
public final class ImageUpdateCommand implements CliCommand {
  @Option(
      names = {"-s", "--source"},
      required = true,
      paramLabel = "DIR",
      description = "The directory.")
  private String source;

  @Option(
      names = {"-a", "--keep-alloc"},
      description = {
        "With a journal and all that is kept about space, and some free buckets.",
        "Without it kernels make that anew when it is first mounted read-write."
      })
  private boolean keepAlloc;

  @Mixin private OpeningOptions opening = new OpeningOptions();

  @Option(
      names = {"-n", "--dry-run"},
      description = "In memory alone: only say what would be changed.")
  private boolean dryRun;

  @Mixin private QuietOptions says = new QuietOptions();

  @Parameters(arity = "1", paramLabel = "IMAGE", description = "The image.")
  private String image;

  @Override
  public int run(Invocation invocation) throws IOException {
    SourceWords.check(source);
    Path path = Path.of(image);
    long before;
    try (BlockDevice device = invocation.devices().openReadOnly(path)) {
      ImageFiles.requireFile(path);
      before = device.size();
      ImageSession.check(SuperblockSearch.find(device).require());
    }
    long room = ImageFiles.room(source);
    if (dryRun) {
      tryOut(invocation, path, before + room, room);
    } else {
      update(invocation, path, before, room);
    }
    return ExitCode.DONE;
  }

  private void update(Invocation invocation, Path path, long before, long room) throws IOException {
    long after = before;
    try (BlockDevice temporary = ImageFiles.temporary(invocation, path, before + room)) {
      ImageFiles.setLength(path, before + room);
      try (BlockDevice device = invocation.devices().openReadWrite(path)) {
        after = sync(invocation, device, temporary);
      }
    } finally {
      if (Files.size(path) > after) {
        ImageFiles.setLength(path, after);
      }
    }
  }

  private void tryOut(Invocation invocation, Path path, long bytes, long room) throws IOException {
    try (BlockDevice temporary = ImageFiles.forTrial(invocation, bytes + room);
        BlockDevice device = invocation.devices().openReadOnly(path);
        BlockDevice scratch = new ScratchDevice(new LongerDevice(device, bytes))) {
      sync(invocation, scratch, temporary);
    }
  }

  private long sync(Invocation invocation, BlockDevice device, BlockDevice temporary)
      throws IOException {
    WriteOptions options =
        WriteOptions.defaults().withClock(invocation.clock()).withOpen(opening.options(invocation));
    try (ImageSession session = ImageSession.update(device, temporary, options)) {
      invocation.out().filesystem(session.filesystem().superblock().userUuid());
      SourceSync.Totals totals = SourceSync.run(invocation, session.filesystem(), source);
      long bytes = session.finish(keepAlloc);
      ImageReport.show(invocation, totals, bytes, dryRun, says.quiet());
      return bytes;
    }
  }
}
