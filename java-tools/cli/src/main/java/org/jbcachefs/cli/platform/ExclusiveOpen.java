// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/** Whether anybody holds a block node: a mount, a volume manager, swap. */
public final class ExclusiveOpen {
  private static final int O_RDWR = 2;
  private static final int EBUSY = 16;

  private ExclusiveOpen() {}

  /**
   * Opens the node exclusively and closes it again. Does nothing where the JVM cannot call libc.
   *
   * @throws DeviceException if somebody holds it
   */
  public static void check(Path path) {
    if (!LibC.isAvailable()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path.toString()).address();
      int flags = O_RDWR | LibC.O_EXCL | LibC.O_CLOEXEC;
      int descriptor = LibC.openat(LibC.AT_FDCWD, name, flags, 0);
      if (descriptor >= 0) {
        LibC.close(descriptor);
      } else if (LibC.errno() == EBUSY) {
        throw new DeviceException(
            Place.device(path.toString(), -1),
            "is in use: mounted, or held by a volume manager or another program");
      }
    }
  }
}
