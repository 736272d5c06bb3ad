// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import java.nio.file.Path;
import org.jbcachefs.block.jni.NativeException;

/** Makes the kernel write what it keeps of a mounted filesystem. */
public final class WriteBack {
  private WriteBack() {}

  /**
   * Returns once what was written to the filesystem has reached whoever serves it.
   *
   * @param directory any in it
   */
  public static void of(Path directory) throws NativeException {
    LibC libc = LibC.load();
    try {
      int fd = libc.open(directory.toString(), LibC.O_RDONLY | LibC.O_DIRECTORY);
      try {
        libc.syncfs(fd);
      } finally {
        libc.close(fd);
      }
    } catch (LastErrorException e) {
      throw new NativeException("sync " + directory, e.getErrorCode());
    }
  }

  /**
   * Tells the kernel, which keeps sizes of files itself, what size a file has by now.
   *
   * @param bytes what the file's daemon says that it has: it changes nothing
   */
  public static void resized(Path file, long bytes) throws NativeException {
    try {
      int result = LibC.load().truncate64(file.toString(), bytes);
      assert result == 0;
    } catch (LastErrorException e) {
      throw new NativeException("truncate " + file, e.getErrorCode());
    }
  }
}
