// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Sorts any number of records of a fixed number of longs in bounded memory: what does not fit goes
 * to a temporary file as sorted runs, which are merged when they are read. Records come in any
 * order through {@link #writer}s, one for each thread; {@link #sorted} ends that and gives them
 * back in order. Closing deletes the file.
 */
public final class RecordSorter implements AutoCloseable {
  /** A writer that holds less than that many bytes would spill all the time. */
  private static final long LEAST_BUFFER_BYTES = 64 << 10;

  private static final long MOST_BUFFER_BYTES = 64 << 20;

  /** So many writers may be full at once. */
  private static final int WRITERS = 16;

  private final int longs;
  private final StridedSort order;
  private final int recordsPerBuffer;
  private final long memoryBytes;
  private final SpillFile spill;
  private final List<RecordRun> runs = new ArrayList<>();
  private long inMemoryBytes;
  private long records;

  /**
   * A sorter.
   *
   * @param longs in each record
   * @param keyLongs of them, from the first on, give the order, as unsigned numbers
   * @param memoryBytes what it may take
   * @param directory where it puts what needs more
   */
  public RecordSorter(int longs, int keyLongs, long memoryBytes, Path directory) {
    this.longs = longs;
    this.order = new StridedSort(longs, keyLongs);
    this.memoryBytes = memoryBytes;
    long buffer = Math.clamp(memoryBytes / 4 / WRITERS, LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES);
    this.recordsPerBuffer = (int) (buffer / Long.BYTES / longs);
    this.spill = new SpillFile(directory);
  }

  /** Takes records of one thread. */
  public final class Writer {
    private long[] buffer = new long[Math.min(recordsPerBuffer, 256) * longs];
    private int count;

    private Writer() {}

    /** Adds a record: as many longs as the sorter was made for, of an array from there on. */
    public void add(long[] record, int at) {
      room();
      System.arraycopy(record, at, buffer, count * longs, longs);
      count++;
    }

    public void add(long first, long second) {
      room();
      buffer[count * longs] = first;
      buffer[count * longs + 1] = second;
      count++;
    }

    public void add(long first, long second, long third) {
      room();
      int at = count * longs;
      buffer[at] = first;
      buffer[at + 1] = second;
      buffer[at + 2] = third;
      count++;
    }

    private void room() {
      if (count * longs < buffer.length) {
        return;
      }
      if (count < recordsPerBuffer) {
        int larger = Math.min(recordsPerBuffer, count * 2);
        buffer = java.util.Arrays.copyOf(buffer, larger * longs);
      } else {
        close();
        buffer = new long[recordsPerBuffer * longs];
      }
    }

    /** Hands over what is left; call at the end, from any thread. */
    public void close() {
      if (count > 0) {
        take(order.sort(buffer, new long[count * longs], count), count);
        count = 0;
      }
    }
  }

  /** A writer for one thread; close it before {@link #sorted} is called. */
  public Writer writer() {
    return new Writer();
  }

  private void take(long[] sorted, int count) {
    long bytes = (long) count * longs * Long.BYTES;
    synchronized (this) {
      records += count;
      if (inMemoryBytes + bytes <= memoryBytes / 4) {
        inMemoryBytes += bytes;
        runs.add(new RecordRun(sorted, count, longs));
        return;
      }
    }
    long at = spill.append(sorted, count * longs);
    synchronized (this) {
      runs.add(new RecordRun(spill, at, count, longs));
    }
  }

  /** How many records were added. */
  public synchronized long records() {
    return records;
  }

  /** All records in order; once. */
  public synchronized SortedRecords sorted() {
    long each = runs.isEmpty() ? 0 : memoryBytes / 2 / runs.size();
    return new SortedRecords(runs, order, longs, each);
  }

  /**
   * The records whose first long lies in a range, both ends included, as unsigned numbers, in
   * order. Instead of {@link #sorted}; ranges may be read side by side.
   *
   * @param readers how many ranges are read at once at most
   */
  public synchronized SortedRecords sorted(long first, long last, int readers) {
    List<RecordRun> parts = new ArrayList<>();
    runs.forEach(run -> parts.add(run.part(first, last)));
    long each = runs.isEmpty() ? 0 : memoryBytes / 2 / runs.size() / readers;
    return new SortedRecords(parts, order, longs, each);
  }

  @Override
  public void close() {
    spill.close();
  }
}
