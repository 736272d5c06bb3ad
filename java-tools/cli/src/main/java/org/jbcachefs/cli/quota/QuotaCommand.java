// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.quota;

import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
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
    MountedHere here = MountedHere.required(invocation, directory);
    MountedChanges changes = here.changesRequired(directory);
    invocation.out().filesystem(here.view().superblock().userUuid());
    return run(invocation, changes);
  }

  abstract int run(Invocation invocation, MountedChanges changes);
}
