// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.platform.Mount;

/**
 * What a command works on that takes a mountpoint or members.
 *
 * @param members as they are named on a command line
 * @param path in the filesystem
 */
public record MountedTarget(String members, String path) {
  /** A directory stands for what is mounted there, anything else for members. */
  public static MountedTarget of(String target, String path) throws IOException {
    if (!isDirectory(target)) {
      return new MountedTarget(target, path == null ? "/" : path);
    }
    if (path != null) {
      throw new UsageException("with a mountpoint the path is part of it: " + target + "/" + path);
    }
    Path real = Path.of(target).toRealPath();
    Optional<Mount> mount = Mount.holding(real);
    if (mount.isEmpty() || !mount.get().isBcachefs()) {
      throw new UsageException(target + " is not on a bcachefs filesystem");
    }
    return new MountedTarget(mount.get().source(), "/" + mount.get().point().relativize(real));
  }

  private static boolean isDirectory(String target) {
    try {
      return Files.isDirectory(Path.of(target));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
