// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.MemberOptions;
import org.jbcachefs.cli.open.OfflineMembers;
import org.jbcachefs.cli.open.OpeningOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.StripAlloc;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code strip-alloc}. */
@Command(
    name = "strip-alloc",
    description = {
      "Takes everything that is kept about space out of a filesystem that was shut down cleanly, to"
          + " make an image smaller that is only read. All members must be named.",
      "A kernel that mounts it read-write makes all of it anew; this program only reads it then."
    })
public final class StripAllocCommand implements CliCommand {
  @Mixin private OpeningOptions opening = new OpeningOptions();

  @Parameters(arity = "1..*", paramLabel = "DEV", description = "All members of the filesystem.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-f", "--force"},
      description = "Also if it is on block devices and not in image files.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only find out whether it could be done.")
  private boolean dryRun;

  @Override
  public int run(Invocation invocation) throws IOException {
    List<Path> paths = MemberOptions.devices(devices);
    for (Path path : paths) {
      if (!force && !dryRun && !Files.isRegularFile(path)) {
        throw new RefusedException(
            "not_confirmed",
            Place.device(path.toString(), -1),
            "a device and no image file; -f does it nonetheless");
      }
    }
    try (ReadFilesystem filesystem =
        opening.open(invocation, new MemberOptions().members(devices), false)) {
      StripAlloc.check(filesystem);
    }
    OfflineMembers.with(
        invocation,
        paths,
        !dryRun,
        superblock -> {
          if (dryRun) {
            invocation.note("it could be done; nothing was written");
          } else {
            StripAlloc.run(superblock);
          }
        });
    if (invocation.out().isJson()) {
      invocation.out().data().beginObject().field("dry_run", dryRun).endObject();
    }
    return ExitCode.DONE;
  }
}
