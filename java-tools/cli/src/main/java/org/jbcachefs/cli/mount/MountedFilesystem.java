// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.transport.FuseNotifier;

/** A filesystem that is open to be mounted. */
interface MountedFilesystem extends AutoCloseable {
  /** What answers the kernel; called once. */
  Session session(InodeNumbers numbers, SessionLog log);

  /** What commands see of it. */
  FilesystemView view();

  /** What commands change of it, telling the kernel; empty if it cannot be changed. */
  Optional<MountedChanges> changes(FuseNotifier notifier);

  /** What commands that check it need. */
  MountedChecks checks(Session session, FuseNotifier notifier);

  /** Whether it can be changed. */
  default boolean writable() {
    return changeable().isPresent();
  }

  /** Itself where it can be changed at the moment; its gate may be shut. */
  default Optional<ChangeableFilesystem> changeable() {
    return Optional.empty();
  }

  /** Whether {@link #makeChangeable} may succeed. */
  boolean mayBecomeChangeable();

  /**
   * Goes through what a mount does that can be changed, recovery and upgrade among it; requests
   * wait meanwhile. It is as before where that fails.
   *
   * @throws RefusedException if it has to stay read-only, or cannot be changed
   */
  ChangeableFilesystem makeChangeable() throws IOException;

  /**
   * A device is gone or refuses writes: whether what can be changed goes on without it.
   *
   * @param why as a clause
   */
  default boolean goesOnWithout(BlockDevice device, String why) {
    return false;
  }

  /** Whether writes are to be refused where somebody has enough. */
  default boolean hasQuotas() {
    return false;
  }

  /** Whether what is written to its devices goes past the page cache. */
  default boolean writesPastCache() {
    return false;
  }

  UUID uuid();

  /** What there is to tell of it when it is mounted, in a few words. */
  String description();

  /** Closes the devices; one that was changed is whole on them then. */
  @Override
  void close();
}
