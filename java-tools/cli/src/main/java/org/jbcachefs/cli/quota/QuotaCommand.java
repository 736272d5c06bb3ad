// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.quota;

import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import picocli.CommandLine.Parameters;

/** What the commands about quotas share: they run where account is kept, in the daemon. */
abstract class QuotaCommand implements MountedCommand {
  @Parameters(index = "0", paramLabel = "DIR", description = "Anything on the filesystem.")
  private Path directory;

  @Override
  public final List<Path> mountedPaths() {
    return List.of(directory);
  }

  @Override
  public final boolean opensDevices() {
    return false;
  }

  @Override
  public final int run(Invocation invocation) {
    MountedHere here =
        invocation
            .mounted()
            .orElseThrow(() ->
                refused(
                    "not_mounted",
                    "this is not on a filesystem that jbcachefs has mounted, or its daemon is not"
                        + " yours to ask"));
    MountedChanges changes =
        here.changes()
            .orElseThrow(() -> refused("read_only", "the filesystem is mounted read-only"));
    invocation.out().filesystem(here.view().superblock().userUuid());
    return run(invocation, changes);
  }

  abstract int run(Invocation invocation, MountedChanges changes);

  private RefusedException refused(String reason, String what) {
    return new RefusedException(reason, Place.device(directory.toString(), -1), what);
  }
}
