// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.data.write.BufferPool;
import org.jbcachefs.engine.fs.Attributes;

/**
 * What was written to a file and is only in memory yet: runs of bytes that neither overlap nor
 * touch, and times. Changed by the holder of the file's change lock; what it {@link #shown shows}
 * may be read by anybody.
 */
final class DelayedFile {
  /** So many runs, at most: a file that is written here and there is not worth waiting for. */
  private static final int RUNS_MOST = 64;

  private final BufferPool pool;
  private final long since;
  private final TreeMap<Long, Run> runs = new TreeMap<>();
  private volatile long end;
  private volatile long bytes;
  private volatile Times times;

  /**
   * Times that were set last, in nanoseconds since 1970; null where none was.
   *
   * @param atime of the last read
   * @param mtime of the last change of contents
   * @param ctime of the last change of anything
   */
  record Times(Long atime, Long mtime, Long ctime) {}

  /** Bytes in one piece, with the room that was promised for them. */
  static final class Run {
    private final long offset;
    private final BufferPool.Buffer buffer;
    private final List<SpaceBudget.Promise> promises = new ArrayList<>();
    private long length;

    private Run(long offset, BufferPool.Buffer buffer) {
      this.offset = offset;
      this.buffer = buffer;
    }

    long offset() {
      return offset;
    }

    long end() {
      return offset + length;
    }

    /** Its bytes, as long as it is there. */
    MemorySegment data() {
      return buffer.segment().asSlice(0, length);
    }
  }

  /**
   * @param since in which round it began
   * @param times that count at first
   */
  DelayedFile(BufferPool pool, long since, Times times) {
    this.pool = pool;
    this.since = since;
    this.times = times;
  }

  long since() {
    return since;
  }

  Times times() {
    return times;
  }

  /** Sets those of the times that are given. */
  void set(Times changed) {
    times =
        new Times(
            changed.atime == null ? times.atime : changed.atime,
            changed.mtime == null ? times.mtime : changed.mtime,
            changed.ctime == null ? times.ctime : changed.ctime);
  }

  Collection<Run> runs() {
    return runs.values();
  }

  /**
   * Takes bytes in.
   *
   * @param promise of the room for them; kept if they are taken
   * @return false if they make it too large or there is no memory: nothing has changed then
   */
  boolean add(long offset, MemorySegment data, SpaceBudget.Promise promise) {
    long from = offset;
    long to = offset + data.byteSize();
    Map.Entry<Long, Run> before = runs.floorEntry(offset);
    if (before != null && before.getValue().end() >= offset) {
      from = before.getKey();
    }
    Map.Entry<Long, Run> last = runs.floorEntry(to);
    if (last != null) {
      to = Math.max(to, last.getValue().end());
    }
    if (to - from > BufferPool.MOST_BYTES) {
      return false;
    }
    Collection<Run> touched = runs.subMap(from, true, offset + data.byteSize(), true).values();
    Run first = touched.isEmpty() ? null : touched.iterator().next();
    boolean fits =
        first != null
            && touched.size() == 1
            && first.offset == from
            && to - from <= first.buffer.segment().byteSize();
    Run run = fits ? first : merged(from, to, touched);
    if (run == null) {
      return false;
    }
    run.buffer.segment().asSlice(offset - from, data.byteSize()).copyFrom(data);
    run.length = to - from;
    run.promises.add(promise);
    end = Math.max(end, to);
    count();
    return true;
  }

  /** One run in the place of some; null if there is no memory, or there are too many. */
  private Run merged(long from, long to, Collection<Run> old) {
    if (runs.size() - old.size() >= RUNS_MOST) {
      return null;
    }
    BufferPool.Buffer buffer = pool.take(to - from);
    if (buffer == null) {
      return null;
    }
    Run run = new Run(from, buffer);
    for (Run each : old) {
      buffer.segment().asSlice(each.offset - from, each.length).copyFrom(each.data());
      run.promises.addAll(each.promises);
      pool.free(each.buffer);
    }
    old.clear();
    runs.put(from, run);
    return run;
  }

  private void count() {
    long sum = 0;
    for (Run run : runs.values()) {
      sum += run.length;
    }
    bytes = sum;
  }

  /** A run is in the file, or nobody wants it any more. */
  void done(Run run) {
    runs.remove(run.offset);
    run.promises.forEach(SpaceBudget.Promise::close);
    pool.free(run.buffer);
    count();
  }

  /** Nobody wants any of it any more. */
  void drop() {
    List.copyOf(runs.values()).forEach(this::done);
  }

  /** How stat(2) shows a file with it. */
  Attributes shown(Attributes stored) {
    Times now = times;
    return stored.with(
        Math.max(stored.size(), end),
        stored.sectors() + Math.ceilDiv(bytes, 512L),
        now.atime == null ? stored.atime() : now.atime,
        now.mtime == null ? stored.mtime() : now.mtime,
        now.ctime == null ? stored.ctime() : now.ctime);
  }
}
