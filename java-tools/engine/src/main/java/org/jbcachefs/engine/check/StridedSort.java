// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

/**
 * Sorts records that lie one behind the other in an array, by their first longs as unsigned
 * numbers. A merge sort: stable, its time does not depend on what is in the records.
 */
final class StridedSort {
  /** So many records are put in order by insertion. */
  private static final int SHORT_RUN = 8;

  private final int longs;
  private final int keyLongs;

  StridedSort(int longs, int keyLongs) {
    this.longs = longs;
    this.keyLongs = keyLongs;
  }

  /**
   * Sorts the first {@code count} records.
   *
   * @param scratch as large as they are
   * @return whichever of the two arrays they are in then
   */
  long[] sort(long[] records, long[] scratch, int count) {
    for (int start = 0; start < count; start += SHORT_RUN) {
      insertion(records, start, Math.min(start + SHORT_RUN, count));
    }
    long[] from = records;
    long[] to = scratch;
    for (int run = SHORT_RUN; run < count; run *= 2) {
      for (int start = 0; start < count; start += 2 * run) {
        merge(from, to, start, Math.min(start + run, count), Math.min(start + 2 * run, count));
      }
      long[] swap = from;
      from = to;
      to = swap;
    }
    return from;
  }

  private void insertion(long[] records, int start, int end) {
    long[] moved = new long[longs];
    for (int i = start + 1; i < end; i++) {
      int at = i;
      while (at > start && compare(records, at - 1, records, i) > 0) {
        at--;
      }
      if (at < i) {
        System.arraycopy(records, i * longs, moved, 0, longs);
        System.arraycopy(records, at * longs, records, (at + 1) * longs, (i - at) * longs);
        System.arraycopy(moved, 0, records, at * longs, longs);
      }
    }
  }

  private void merge(long[] from, long[] to, int start, int middle, int end) {
    int left = start;
    int right = middle;
    int out = start;
    while (left < middle && right < end) {
      int taken = compare(from, left, from, right) <= 0 ? left++ : right++;
      System.arraycopy(from, taken * longs, to, out++ * longs, longs);
    }
    System.arraycopy(from, left * longs, to, out * longs, (middle - left) * longs);
    out += middle - left;
    System.arraycopy(from, right * longs, to, out * longs, (end - right) * longs);
  }

  /** Compares two records of two arrays by their keys. */
  int compare(long[] a, int recordA, long[] b, int recordB) {
    int atA = recordA * longs;
    int atB = recordB * longs;
    for (int i = 0; i < keyLongs; i++) {
      int order = Long.compareUnsigned(a[atA + i], b[atB + i]);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }
}
