// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.util.List;
import java.util.Optional;
import org.jbcachefs.engine.recovery.FilesystemView;

/**
 * The mounted filesystem in whose daemon a command runs.
 *
 * @param view closing it does nothing
 * @param changesNow what may be changed
 * @param checks how to check it
 * @param remounting how to make it read-only and back
 * @param paths the command's {@link MountedCommand#mountedPaths}, from the filesystem's root, raw
 */
public record MountedHere(
    FilesystemView view,
    ChangesNow changesNow,
    MountedChecks checks,
    Remounting remounting,
    List<byte[]> paths) {
  /** What may be changed; empty if it is mounted read-only. */
  public Optional<MountedChanges> changes() {
    return changesNow.get();
  }
}
