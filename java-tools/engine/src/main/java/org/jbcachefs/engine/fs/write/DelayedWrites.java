// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jbcachefs.engine.data.write.BufferPool;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;

/**
 * Which files have something in memory that is not in the filesystem yet. Thread-safe; a file's own
 * is changed by the holder of its change lock.
 */
final class DelayedWrites {
  /** The memory for it, in bytes. */
  private static final long POOL_BYTES = 160L << 20;

  /** From here on the oldest are written. */
  private static final long ENOUGH_BYTES = POOL_BYTES / 4 * 3;

  private final BufferPool pool = new BufferPool(POOL_BYTES);
  private final Map<InodeId, DelayedFile> files = new ConcurrentHashMap<>();
  private final AtomicLong round = new AtomicLong();

  /** The next round begins: files are as old as rounds have begun since. */
  long nextRound() {
    return round.incrementAndGet();
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  DelayedFile get(InodeId id) {
    return files.get(id);
  }

  /** What a file has, or begins to have now. */
  DelayedFile begin(InodeId id, DelayedFile.Times times) {
    return files.computeIfAbsent(id, _ -> new DelayedFile(pool, round.get(), times));
  }

  /** It has nothing any more. */
  void remove(InodeId id) {
    files.remove(id);
  }

  /** Nobody wants any more what a file has. */
  void drop(InodeId id) {
    DelayedFile file = files.remove(id);
    if (file != null) {
      file.drop();
    }
  }

  Attributes shown(InodeId id, Attributes stored) {
    DelayedFile file = files.isEmpty() ? null : files.get(id);
    return file == null ? stored : file.shown(stored);
  }

  /** Whether so much is in memory that some must be written. */
  boolean areTooMany() {
    return pool.used() > ENOUGH_BYTES;
  }

  /** Those that began in that round or before and that it says yes to, the oldest first. */
  List<InodeId> oldest(long until, Predicate<InodeId> wanted) {
    record Aged(InodeId id, long since) {}
    List<Aged> aged = new ArrayList<>();
    files.forEach((id, file) -> {
      if (file.since() <= until && wanted.test(id)) {
        aged.add(new Aged(id, file.since()));
      }
    });
    aged.sort(Comparator.comparingLong(Aged::since));
    return aged.stream().map(Aged::id).toList();
  }
}
