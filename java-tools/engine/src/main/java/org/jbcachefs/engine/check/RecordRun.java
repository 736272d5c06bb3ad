// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

/** Sorted records, in memory or in a file, read from the first to the last. */
final class RecordRun {
  private final SpillFile file;
  private final int longs;
  private final int count;
  private final long start;
  private long[] buffer;
  private int inBuffer;
  private int at = -1;
  private int taken;

  /** In memory. */
  RecordRun(long[] records, int count, int longs) {
    this.file = null;
    this.start = 0;
    this.longs = longs;
    this.count = count;
    this.buffer = records;
    this.inBuffer = count;
    this.taken = count;
  }

  /** In a file, from that byte on. */
  RecordRun(SpillFile file, long start, int count, int longs) {
    this.file = file;
    this.start = start;
    this.longs = longs;
    this.count = count;
  }

  /** The part of a run that was not read yet whose first longs lie in a range, both included. */
  RecordRun part(long first, long last) {
    int from = lowerBound(first, false);
    int to = lowerBound(last, true);
    return new RecordRun(this, from, Math.max(from, to));
  }

  private RecordRun(RecordRun whole, int from, int to) {
    this.file = whole.file;
    this.start = whole.start + (long) from * whole.longs * Long.BYTES;
    this.longs = whole.longs;
    this.count = to - from;
    if (file == null) {
      this.buffer = whole.buffer;
      this.at = from - 1;
      this.inBuffer = to;
      this.taken = count;
    }
  }

  /** Index of the first record whose first long is at or, if wanted, behind a value. */
  private int lowerBound(long value, boolean behind) {
    long[] one = new long[1];
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order = Long.compareUnsigned(firstLong(middle, one), value);
      if (order < 0 || (behind && order == 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private long firstLong(int index, long[] one) {
    if (file == null) {
      return buffer[index * longs];
    }
    file.read(start + (long) index * longs * Long.BYTES, one, 1);
    return one[0];
  }

  /** Moves to the next record; false at the end. */
  boolean next(int bufferRecords) {
    at++;
    if (at < inBuffer) {
      return true;
    }
    if (taken == count) {
      buffer = null;
      return false;
    }
    if (buffer == null) {
      buffer = new long[Math.min(bufferRecords, count) * longs];
    }
    inBuffer = Math.min(buffer.length / longs, count - taken);
    file.read(start + (long) taken * longs * Long.BYTES, buffer, inBuffer * longs);
    taken += inBuffer;
    at = 0;
    return true;
  }

  /** What the current record is in. */
  long[] records() {
    return buffer;
  }

  /** Which of them it is. */
  int index() {
    return at;
  }
}
