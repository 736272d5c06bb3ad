// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jbcachefs.cli.platform.Errno;
import org.jbcachefs.cli.platform.LibC;

/** Who may change a device or an image while we read it. */
public final class DevicesInUse {
  private static final Path BLOCK_DEVICES = Path.of("/sys/block");
  private static final int FILE_TYPE = 0170000;
  private static final int BLOCK_DEVICE = 0060000;

  private DevicesInUse() {}

  /**
   * Who has that device or image in use, as a phrase; null if nobody has as far as can be told:
   * block devices that a filesystem or another holder has claimed, images that are the backing file
   * of a loop device or that another process has locked for writing.
   */
  public static String user(Path path) throws IOException {
    if (!Files.exists(path) || !Files.isReadable(path)) {
      return null;
    }
    if (((int) Files.getAttribute(path, "unix:mode") & FILE_TYPE) == BLOCK_DEVICE) {
      return isClaimed(path) ? "a mounted filesystem or another holder has claimed it" : null;
    }
    String loop = loopDevice(path.toRealPath());
    if (loop != null) {
      return "it is behind " + loop;
    }
    return isLocked(path) ? "another process has it open for writing" : null;
  }

  /** An exclusive opening for reading changes nothing and fails where somebody else has one. */
  private static boolean isClaimed(Path node) {
    if (!LibC.isAvailable()) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(node.toString()).address();
      int flags = LibC.O_RDONLY | LibC.O_EXCL | LibC.O_CLOEXEC;
      int descriptor = LibC.openat(LibC.AT_FDCWD, name, flags, 0);
      if (descriptor < 0) {
        return LibC.errno() == Errno.EBUSY;
      }
      LibC.close(descriptor);
      return false;
    }
  }

  private static String loopDevice(Path image) throws IOException {
    if (!Files.isDirectory(BLOCK_DEVICES)) {
      return null;
    }
    try (DirectoryStream<Path> loops = Files.newDirectoryStream(BLOCK_DEVICES, "loop*")) {
      for (Path loop : loops) {
        Path backing = loop.resolve("loop/backing_file");
        if (Files.isReadable(backing)
            && Files.readString(backing).strip().equals(image.toString())) {
          return "/dev/" + loop.getFileName();
        }
      }
    }
    return null;
  }

  private static boolean isLocked(Path image) throws IOException {
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ);
        FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return lock == null;
    } catch (OverlappingFileLockException e) {
      // This process itself has it open for writing.
      return true;
    }
  }
}
