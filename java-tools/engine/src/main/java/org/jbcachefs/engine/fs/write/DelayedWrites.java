// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.data.write.BufferPool;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Inode;

/**
 * What was written to files and is only in memory yet: everybody sees it, room is promised for it,
 * and whoever does something that depends on it writes it first. Small files are written in one
 * piece so, and those that are soon gone not at all. Thread-safe; what a file has is changed by the
 * holder of its change lock.
 */
final class DelayedWrites {
  private static final int SECTOR_SHIFT = 9;

  /**
   * What is larger is written at once, several of a file side by side: it does not get faster by
   * waiting for more.
   */
  private static final long WRITE_MOST = BufferPool.MOST_BYTES / 2;

  /** The memory for it, in bytes. */
  private static final long POOL_BYTES = 128L << 20;

  /** From here on whoever brings more writes the oldest first. */
  private static final long ENOUGH_BYTES = POOL_BYTES / 4 * 3;

  /** From here on it is time to write the oldest while others go on. */
  private static final long MANY_BYTES = POOL_BYTES / 2;

  /** As long as there is that much they go on being written. */
  private static final long FEW_BYTES = POOL_BYTES / 4;

  /** From so many files on it is worth other threads. */
  private static final int SEVERAL = 16;

  private final WritableFilesystem filesystem;
  private final FileContents contents;
  private final InodeLocks locks;
  private final BufferPool pool = new BufferPool(POOL_BYTES);
  private final Map<InodeId, DelayedFile> files = new ConcurrentHashMap<>();
  private final AtomicLong round = new AtomicLong();
  private volatile Runnable whenMany = () -> {};
  private volatile int writers = 1;

  DelayedWrites(WritableFilesystem filesystem, FileContents contents, InodeLocks locks) {
    this.filesystem = filesystem;
    this.contents = contents;
    this.locks = locks;
  }

  /** So many files are written at a time from now on, where many are to be written. */
  void writeAtATime(int files) {
    writers = files;
  }

  /** Who is told, often, by threads that bring more, while some should be written. */
  void whenMany(Runnable told) {
    whenMany = told;
  }

  /** Whether there is nothing at all. */
  boolean isEmpty() {
    return files.isEmpty();
  }

  /** Whether so much is in memory that some must be written. */
  boolean areTooMany() {
    return pool.used() > ENOUGH_BYTES;
  }

  /** How stat(2) shows a file with it. */
  Attributes shown(InodeId id, Attributes stored) {
    DelayedFile file = files.isEmpty() ? null : files.get(id);
    return file == null ? stored : file.shown(stored);
  }

  /**
   * Takes what is to be written into memory.
   *
   * @return false if it has to be written at once
   */
  boolean take(InodeId id, long offset, MemorySegment data) {
    long bytes = data.byteSize();
    if (offset < 0 || bytes > WRITE_MOST || offset > (FileContents.END << SECTOR_SHIFT) - bytes) {
      return false;
    }
    contents.lock(id);
    try {
      Inode inode = contents.regular(id);
      SpaceBudget.Promise promise =
          filesystem.subvolumes().isWritable(id.subvolume())
              ? contents.promiseLater(id, inode, offset, bytes)
              : null;
      return promise != null && take(id, offset, data, promise);
    } finally {
      contents.end(id);
    }
  }

  private boolean take(InodeId id, long offset, MemorySegment data, SpaceBudget.Promise promise) {
    long now = AttributeChange.nanos(filesystem.clocks().wall().instant());
    DelayedFile.Times times = new DelayedFile.Times(null, now, now);
    DelayedFile file = files.computeIfAbsent(id, _ -> new DelayedFile(pool, round.get(), times));
    boolean taken = file.add(offset, data, promise);
    if (taken) {
      file.set(times);
      if (pool.used() > MANY_BYTES) {
        whenMany.run();
      }
    } else {
      promise.close();
      if (file.runs().isEmpty()) {
        files.remove(id);
      }
    }
    return taken;
  }

  /** Times of a file that has something here are written with it; false if it has nothing. */
  boolean takeTimes(InodeId id, DelayedFile.Times times) {
    if (!files.containsKey(id)) {
      return false;
    }
    locks.change(id).lock();
    try {
      DelayedFile file = files.get(id);
      if (file != null) {
        file.set(times);
      }
      return file != null;
    } finally {
      locks.change(id).unlock();
    }
  }

  /** The same of a file that may have nothing here: they are kept until something is written. */
  void keepTimes(InodeId id, DelayedFile.Times times) {
    locks.change(id).lock();
    try {
      files.computeIfAbsent(id, _ -> new DelayedFile(pool, round.get(), times)).set(times);
    } finally {
      locks.change(id).unlock();
    }
  }

  /** Writes what a file has; with no lock. */
  void writeNow(InodeId id) {
    if (files.containsKey(id)) {
      contents.begin(id);
      contents.end(id);
    }
  }

  /**
   * Writes what files have that it says yes to, on this thread, whatever locks it has that other
   * threads would wait for.
   */
  void writeAllHere(Predicate<InodeId> wanted) {
    oldest(Long.MAX_VALUE, wanted).forEach(this::writeNow);
  }

  /** Writes what files have that it says yes to; with no lock. */
  void writeAll(Predicate<InodeId> wanted) {
    writeAll(Long.MAX_VALUE, wanted);
  }

  private void writeAll(long until, Predicate<InodeId> wanted) {
    write(oldest(until, wanted), () -> true);
  }

  private void write(List<InodeId> ids, BooleanSupplier goOn) {
    if (writers == 1 || ids.size() < SEVERAL) {
      for (InodeId id : ids) {
        if (!goOn.getAsBoolean()) {
          return;
        }
        writeNow(id);
      }
    } else {
      writeSideBySide(ids, goOn);
    }
  }

  /** Writes the oldest until there is little left, or it shall not go on; with no lock. */
  void writeMany(BooleanSupplier goOn) {
    write(oldest(Long.MAX_VALUE, _ -> true), () -> pool.used() > FEW_BYTES && goOn.getAsBoolean());
  }

  /** Each file waits for devices on its own: several do so at a time. */
  private void writeSideBySide(List<InodeId> ids, BooleanSupplier goOn) {
    AtomicInteger next = new AtomicInteger();
    Runnable some =
        () -> {
          int i = next.getAndIncrement();
          while (i < ids.size() && goOn.getAsBoolean()) {
            writeNow(ids.get(i));
            i = next.getAndIncrement();
          }
        };
    List<CompletableFuture<Void>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      for (int i = 0; i < writers; i++) {
        running.add(CompletableFuture.runAsync(some, threads));
      }
    }
    for (CompletableFuture<Void> each : running) {
      if (each.isCompletedExceptionally() && each.exceptionNow() instanceof RuntimeException e) {
        throw e;
      }
      each.join();
    }
  }

  /** Begins a round, and writes what began so many rounds ago. */
  void nextRound(int rounds) {
    writeAll(round.incrementAndGet() - rounds, _ -> true);
  }

  /** Where there is too much in memory the oldest is written. */
  void writeTooMany() {
    if (areTooMany()) {
      for (InodeId id : oldest(Long.MAX_VALUE, _ -> true)) {
        if (!areTooMany()) {
          return;
        }
        writeNow(id);
      }
    }
  }

  /** Files that began in that round or before, the oldest first. */
  private List<InodeId> oldest(long until, Predicate<InodeId> wanted) {
    record Aged(InodeId id, long since) {}
    List<Aged> aged = new ArrayList<>();
    files.forEach((id, file) -> {
      if (file.since() <= until && wanted.test(id)) {
        aged.add(new Aged(id, file.since()));
      }
    });
    // Of one age in the order of the keys: those that are changed together are near each other.
    aged.sort(Comparator.comparingLong(Aged::since).thenComparingLong(each -> each.id.number()));
    return aged.stream().map(Aged::id).toList();
  }

  /** Writes what a file has; with its change lock. */
  void write(InodeId id) {
    DelayedFile file = files.get(id);
    if (file == null) {
      return;
    }
    Touch touch = Touch.of(file.times());
    try {
      List<DelayedFile.Run> runs = List.copyOf(file.runs());
      for (DelayedFile.Run run : runs) {
        contents.writePromised(id, run.offset(), run.data(), touch);
        file.done(run);
      }
      if (runs.isEmpty()) {
        contents.touch(id, touch);
      }
      files.remove(id);
    } catch (PosixException e) {
      if (e.error() != PosixError.ESTALE) {
        throw e;
      }
      // The file is gone, and what was to be in it.
      drop(id);
    }
  }

  /** Nobody wants any more what a file has; with its change lock. */
  void drop(InodeId id) {
    DelayedFile file = files.remove(id);
    if (file != null) {
      file.drop();
    }
  }

  /** The same, with no lock. */
  void dropNow(InodeId id) {
    if (files.containsKey(id)) {
      locks.change(id).lock();
      try {
        drop(id);
      } finally {
        locks.change(id).unlock();
      }
    }
  }
}
