// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A locked file for each mount, named by its device number, that a daemon holds until its devices
 * are closed. The kernel releases the lock however the daemon ends.
 */
public final class MountLock implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  private MountLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a new mount; empty where there is no directory to put it into, which only
   * means that nobody can wait for this daemon.
   *
   * @param device "major:minor"
   */
  public static Optional<MountLock> take(String device, Map<String, String> environment) {
    int uid = LibC.load().geteuid();
    for (Path directory : RunDirectory.own(uid, environment)) {
      Optional<MountLock> taken = takeIn(directory, device, uid);
      if (taken.isPresent()) {
        return taken;
      }
    }
    return Optional.empty();
  }

  private static Optional<MountLock> takeIn(Path directory, String device, int uid) {
    try {
      RunDirectory.make(directory, uid);
      return Optional.of(take(directory.resolve(name(device))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static MountLock take(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      throw new IOException(file + ": locked by another process");
    }
    byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(pid), 0);
    return new MountLock(file, channel);
  }

  /** Where it is, and what else the daemon puts where others find it. */
  public Path directory() {
    return file.getParent();
  }

  /** The process that holds the lock of that mount, as it says in the file; empty if unknown. */
  static String holder(MountEntry entry) {
    return file(entry).map(MountLock::holder).orElse("");
  }

  /** Where the lock of a mount is that anybody made. */
  private static Optional<Path> file(MountEntry entry) {
    return RunDirectory.of(entry.user()).stream()
        .map(directory -> directory.resolve(name(entry.device())))
        .filter(Files::isReadable)
        .findFirst();
  }

  private static String holder(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Waits until the daemon of that mount lets go of its lock. A new mount may get the same device
   * number meanwhile, and take a lock of that name.
   *
   * @param holder what {@link #holder} said before it was unmounted
   */
  static Unmount.Outcome awaitRelease(MountEntry entry, String holder, Duration patience)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Optional<Path> file = file(entry);
    return file.isPresent() ? awaitRelease(file.get(), holder, deadline) : Unmount.Outcome.UNKNOWN;
  }

  private static Unmount.Outcome awaitRelease(Path file, String holder, long deadline)
      throws InterruptedException {
    while (Files.exists(file)) {
      String now = holder(file);
      if (!holder.isEmpty() && !now.isEmpty() && !now.equals(holder)) {
        return Unmount.Outcome.CLOSED;
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
          FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
        if (lock != null) {
          return Unmount.Outcome.CLOSED;
        }
      } catch (IOException e) {
        return Files.exists(file) ? Unmount.Outcome.UNKNOWN : Unmount.Outcome.CLOSED;
      }
      if (System.nanoTime() > deadline) {
        return Unmount.Outcome.STILL_OPEN;
      }
      Thread.sleep(5);
    }
    return Unmount.Outcome.CLOSED;
  }

  private static String name(String device) {
    return "mount-" + device.replace(':', '-');
  }

  /** Lets go; call when the devices are closed. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
      channel.close();
    } catch (IOException e) {
      // The process ends now, and the lock with it.
      return;
    }
  }
}
