// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A block node of Linux, by the numbers that the kernel knows its device by. */
public record BlockNode(long major, long minor) {
  private static final int BLOCK_TYPE = 0x6000;
  private static final int TYPE_MASK = 0xf000;

  /** What a path leads to, or empty if that is no block node. */
  public static Optional<BlockNode> of(Path path) throws IOException {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return Optional.empty();
    }
    int mode = (Integer) Files.getAttribute(path, "unix:mode");
    if ((mode & TYPE_MASK) != BLOCK_TYPE) {
      return Optional.empty();
    }
    long rdev = (Long) Files.getAttribute(path, "unix:rdev");
    return Optional.of(new BlockNode(major(rdev), minor(rdev)));
  }

  /** The encoding of dev_t as gnu_dev_major(3) and gnu_dev_minor(3) take it apart. */
  static long major(long rdev) {
    return (rdev >>> 8 & 0xfff) | (rdev >>> 32 & 0xfffff000L);
  }

  static long minor(long rdev) {
    return (rdev & 0xff) | (rdev >>> 12 & 0xffffff00L);
  }

  /** "8:1", as the kernel writes it. */
  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
