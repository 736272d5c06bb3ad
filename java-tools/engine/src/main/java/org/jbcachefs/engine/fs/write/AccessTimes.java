// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * Times at which files were read, shown at once and written to their inodes some at a time.
 * Thread-safe.
 */
final class AccessTimes {
  /** How many are kept before they are written whatever anybody wants. */
  private static final int MOST = 1 << 14;

  /** Inodes of one transaction. */
  private static final int BATCH = 64;

  /** An access time as old as that is renewed by relatime: a day, in nanoseconds. */
  private static final long STALE = 24L * 3600 * 1_000_000_000;

  private final WritableFilesystem filesystem;
  private final Map<InodeId, Long> pending = new ConcurrentHashMap<>();

  AccessTimes(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /**
   * A file was read.
   *
   * @param now nanoseconds since 1970
   * @param shown the file as it is shown
   * @param always or only where relatime wants it
   */
  void note(InodeId id, long now, Attributes shown, boolean always) {
    boolean wanted =
        always
            ? now > shown.atime()
            : shown.atime() <= shown.mtime()
                || shown.atime() <= shown.ctime()
                || now - shown.atime() >= STALE;
    if (wanted && (shown.flags() & Attributes.NOATIME) == 0) {
      pending.merge(id, now, Math::max);
    }
  }

  /** Whether there are so many that they must be written. */
  boolean areTooMany() {
    return pending.size() > MOST;
  }

  /** With the time at which it was read last. */
  Attributes shown(InodeId id, Attributes stored) {
    Long read = pending.isEmpty() ? null : pending.get(id);
    return read == null ? stored : stored.withAtime(read);
  }

  /** Somebody says himself what the time is. */
  void forget(InodeId id) {
    pending.remove(id);
  }

  /** Writes that of one file, if there is something to be written. */
  void write(InodeId id) {
    Long read = pending.get(id);
    if (read != null) {
      write(List.of(Map.entry(id, read)));
    }
  }

  /** Writes all that are not newer than that, in nanoseconds since 1970. */
  void writeUntil(long time) {
    List<Map.Entry<InodeId, Long>> batch = new ArrayList<>(BATCH);
    for (Map.Entry<InodeId, Long> read : pending.entrySet()) {
      if (read.getValue() <= time) {
        batch.add(Map.entry(read.getKey(), read.getValue()));
      }
      if (batch.size() == BATCH) {
        write(batch);
        batch.clear();
      }
    }
    if (!batch.isEmpty()) {
      write(batch);
    }
  }

  private void write(List<Map.Entry<InodeId, Long>> batch) {
    filesystem.makeRoom();
    try {
      filesystem.transact(
          "atime",
          transaction -> {
            TreeTransaction tree = new TreeTransaction(filesystem, transaction);
            batch.forEach(read -> put(tree, read.getKey(), read.getValue()));
            return null;
          });
    } finally {
      // Where there is no room for them they are not worth another try.
      batch.forEach(read -> pending.remove(read.getKey(), read.getValue()));
    }
  }

  private void put(TreeTransaction tree, InodeId id, long time) {
    Inode inode;
    try {
      tree.writing(id.subvolume());
      inode = tree.inode(id);
    } catch (PosixException e) {
      // It is gone, or has become read-only.
      return;
    }
    long stored = filesystem.defaults().time(time);
    if (stored > inode.get(InodeField.ATIME)) {
      tree.put(id, new InodeBuilder(inode).set(InodeField.ATIME, stored));
    }
  }
}
