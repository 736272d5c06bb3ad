// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.DryRun;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.fuse.mount.Unmount;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code umount DIR}: unmounts and waits until the devices are closed. */
@Command(
    name = "umount",
    description = "Unmounts, and returns when the filesystem's devices are closed.")
public final class UmountCommand implements CliCommand {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Parameters(paramLabel = "DIR", description = "The mountpoint.")
  private String directory;

  @Option(
      names = {"-l", "--lazy"},
      description = "Detach it even if it is in use; those who use it keep what they have open.")
  private boolean lazy;

  @Mixin private final DryRun dryRun = new DryRun();

  @Override
  public boolean opensDevices() {
    return false;
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    if (dryRun.isWanted()) {
      Path mounted = Unmount.mounted(Path.of(directory));
      dryRun.say(invocation, (lazy ? "detach " : "unmount ") + mounted);
      return ExitCode.DONE;
    }
    try {
      Unmount.Outcome outcome =
          Unmount.unmount(Path.of(directory), lazy, lazy ? Duration.ZERO : PATIENCE);
      if (outcome == Unmount.Outcome.STILL_OPEN) {
        String what =
            lazy
                ? "detached; its devices stay open until its last user has left"
                : "unmounted, but its devices were still open after a minute";
        invocation.problem(new Problem("still_open", directory, what));
        return lazy ? ExitCode.DONE : ExitCode.FAILED;
      }
      return ExitCode.DONE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.FAILED;
    }
  }
}
