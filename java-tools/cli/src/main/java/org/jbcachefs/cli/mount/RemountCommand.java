// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.DryRun;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.open.MountOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code remount DIR -o ro|rw}: what {@code mount -o remount} ends up with. */
@Command(
    name = "remount",
    description = {
      "Makes a mounted filesystem read-only, or back, or changes how reads of files are noted.",
      "Read-only means that its devices are as after unmounting. mount -o remount,... does the same."
    })
public final class RemountCommand implements MountedCommand {
  @Parameters(index = "0", paramLabel = "DIR", description = "The mountpoint.")
  private Path directory;

  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      required = true,
      description = {
        "ro, rw, errors=continue|fix_safe|panic|ro, noatime, nodiratime, relatime, strictatime,",
        "lazytime, nosuid, nodev, noexec; what is not named stays."
      })
  private List<String> options = new ArrayList<>();

  @Mixin private final DryRun dryRun = new DryRun();

  /** Of the command line. */
  public RemountCommand() {}

  /** Of what is mounted there; for whoever sends the command himself. */
  RemountCommand(Path directory) {
    this.directory = directory;
  }

  @Override
  public List<Path> mountedPaths() {
    return List.of(directory);
  }

  @Override
  public boolean opensDevices() {
    return false;
  }

  @Override
  public boolean offersJson() {
    return false;
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    MountedHere here = MountedHere.required(invocation, directory);
    Map<String, String> words = MountOptions.parse(options).values();
    if (dryRun.isWanted()) {
      dryRun.say(
          invocation, "remount %s: %s".formatted(directory, here.remounting().wouldBe(words)));
      return ExitCode.DONE;
    }
    here.remounting().remount(words);
    return ExitCode.DONE;
  }
}
