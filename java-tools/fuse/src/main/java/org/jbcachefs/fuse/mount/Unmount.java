// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/** Unmounts a filesystem that another process of ours serves. */
public final class Unmount {
  private static final String HELPER = "fusermount3";

  private Unmount() {}

  /** How it ended. */
  public enum Outcome {
    /** The daemon has closed its devices. */
    CLOSED,
    /** Unmounted, but the daemon still had its devices open when the time was up. */
    STILL_OPEN,
    /** Unmounted; nothing is known of the daemon. */
    UNKNOWN
  }

  /**
   * Unmounts and waits until the devices are closed.
   *
   * @param directory the mountpoint; symbolic links in it are followed
   * @param lazy detach even if it is in use
   * @param patience how long to wait for the daemon
   * @throws NotFoundException if nothing of ours is mounted there
   * @throws NativeException if it is in use (EBUSY) or not ours to unmount
   */
  public static Outcome unmount(Path directory, boolean lazy, Duration patience)
      throws IOException, InterruptedException {
    Path target = mounted(directory);
    MountEntry entry = MountEntry.at(target).orElseThrow(() -> nothing(directory));
    String holder = MountLock.holder(entry);
    once(target, LibC.load(), lazy);
    return MountLock.awaitRelease(entry, holder, patience);
  }

  /**
   * Where something of ours is mounted.
   *
   * @param directory the mountpoint; symbolic links in it are followed
   * @throws NotFoundException if nothing of ours is
   */
  public static Path mounted(Path directory) throws IOException {
    // Resolving the last part would ask the filesystem itself, which may hang or be gone.
    Path absolute = directory.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    Path target = parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
    Optional<MountEntry> entry = MountEntry.at(target);
    if (entry.isEmpty() || !entry.get().isOurs()) {
      entry = MountEntry.at(target = absolute.toRealPath());
    }
    if (entry.isEmpty() || !entry.get().isOurs()) {
      throw nothing(directory);
    }
    return target;
  }

  private static NotFoundException nothing(Path directory) {
    return new NotFoundException(
        Place.device(directory.toString(), -1), "no jbcachefs is mounted here");
  }

  static void once(Path directory, LibC libc, boolean lazy) throws NativeException {
    if (libc.geteuid() == 0) {
      try {
        libc.umount2(directory.toString(), lazy ? LibC.MNT_DETACH : 0);
      } catch (LastErrorException e) {
        throw new NativeException("unmount " + directory, e.getErrorCode());
      }
    } else {
      byHelper(directory, lazy);
    }
  }

  private static void byHelper(Path directory, boolean lazy) throws NativeException {
    ProcessBuilder builder =
        lazy
            ? new ProcessBuilder(HELPER, "-u", "-z", "--", directory.toString())
            : new ProcessBuilder(HELPER, "-u", "--", directory.toString());
    try {
      Process process = builder.inheritIO().start();
      if (process.waitFor() != 0) {
        throw new NativeException("unmount " + directory + " through " + HELPER, Errno.EBUSY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NativeException("unmount " + directory, Errno.EINTR);
    } catch (NativeException e) {
      throw e;
    } catch (IOException e) {
      throw new NativeException("run " + HELPER, Errno.ENOENT);
    }
  }
}
