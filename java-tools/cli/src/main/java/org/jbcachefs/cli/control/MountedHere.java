// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

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
  /**
   * Where the command runs, for one that does nothing elsewhere.
   *
   * @param typed a path of it, for the error
   * @throws RefusedException if that is on no mount of ours
   */
  public static MountedHere required(Invocation invocation, Path typed) {
    return invocation.mounted().orElseThrow(() -> notOurs(typed));
  }

  /** The error for a path that is on no mount of ours. */
  public static RefusedException notOurs(Path typed) {
    return new RefusedException(
        "not_mounted",
        Place.device(typed.toString(), -1),
        "this is not on a filesystem that jbcachefs has mounted, or its daemon is not yours to"
            + " ask");
  }

  /** What may be changed; empty if it is mounted read-only. */
  public Optional<MountedChanges> changes() {
    return changesNow.get();
  }

  /**
   * What may be changed.
   *
   * @param typed a path of the command, for the error
   * @throws RefusedException if it is mounted read-only
   */
  public MountedChanges changesRequired(Path typed) {
    return changes()
        .orElseThrow(() ->
            new RefusedException(
                "read_only",
                Place.device(typed.toString(), -1),
                "the filesystem is mounted read-only"));
  }
}
