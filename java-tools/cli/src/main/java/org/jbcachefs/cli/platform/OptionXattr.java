// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** The options of files on mounted filesystems, which are xattrs named "bcachefs.X". */
public final class OptionXattr {
  private static final int ENODATA = 61;

  private OptionXattr() {}

  /** Sets one. */
  public static void set(Path path, String option, String value) throws FileSystemException {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = value.getBytes(UTF_8);
      MemorySegment data = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
      int result =
          LibC.lsetxattr(
              name(arena, path), attribute(arena, option), data.address(), bytes.length, 0);
      if (result < 0) {
        throw failure(path, option);
      }
    }
  }

  /** Whether the file has one of its own. */
  public static boolean isOwn(Path path, String option) throws FileSystemException {
    try (Arena arena = Arena.ofConfined()) {
      long bytes = LibC.lgetxattr(name(arena, path), attribute(arena, option), 0, 0);
      if (bytes < 0 && LibC.errno() != ENODATA) {
        throw failure(path, option);
      }
      return bytes >= 0;
    }
  }

  /** The file gets what its directory has. */
  public static void remove(Path path, String option) throws FileSystemException {
    try (Arena arena = Arena.ofConfined()) {
      int result = LibC.lremovexattr(name(arena, path), attribute(arena, option));
      if (result < 0 && LibC.errno() != ENODATA) {
        throw failure(path, option);
      }
    }
  }

  private static long name(Arena arena, Path path) {
    return arena.allocateFrom(path.toString()).address();
  }

  private static long attribute(Arena arena, String option) {
    return arena.allocateFrom("bcachefs." + option).address();
  }

  private static FileSystemException failure(Path path, String option) {
    return new FileSystemException(path.toString(), null, option + ": " + Errno.text(LibC.errno()));
  }
}
