// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.CliCommand;

/** A command that runs in the daemon of a mounted filesystem, if its paths lie on one. */
public interface MountedCommand extends CliCommand {
  /** The paths on the command line that say which filesystem; the last part may be missing yet. */
  List<Path> mountedPaths();

  /**
   * The filesystem that is meant, where its devices are named and something has them in use; empty
   * if that is not asked for.
   */
  default Optional<UUID> mountedFilesystem() throws IOException {
    return Optional.empty();
  }

  /** What is done where the command was typed before it is sent to the daemon. */
  default void beforeDaemon() throws IOException {}

  /** What is done there once it has succeeded in the daemon. */
  default void afterDaemon() throws IOException {}

  /** Whether what the kernel has not written yet must be written first. */
  default boolean needsWriteBack() {
    return false;
  }
}
