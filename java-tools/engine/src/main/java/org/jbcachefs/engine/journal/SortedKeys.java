// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;

/**
 * Keys in a {@link KeyStore}, gathered in the order in which they were journalled, then sorted by
 * position. One number of 64 bits per key, beside the key itself. Thread-safe once sorted.
 */
final class SortedKeys implements OverlayKeys {
  private static final int RUN = 16;

  private final KeyStore store;
  private long[] refs = new long[64];
  private int size;

  SortedKeys(KeyStore store) {
    this.store = store;
  }

  /** Adds a key; of those at one position the last one added is the newest. */
  void add(long ref) {
    if (size == refs.length) {
      refs = Arrays.copyOf(refs, Math.multiplyExact(size, 2));
    }
    refs[size++] = ref;
  }

  /** Makes the keys added from that count on the older the later they were added. */
  void reverseFrom(int from) {
    for (int low = from, high = size - 1; low < high; low++, high--) {
      long swap = refs[low];
      refs[low] = refs[high];
      refs[high] = swap;
    }
  }

  /** Sorts by position, keeping the order among equals; with {@code newestOnly} the last wins. */
  SortedKeys sort(boolean newestOnly) {
    mergeSort();
    if (newestOnly) {
      keepNewest();
    }
    refs = Arrays.copyOf(refs, size);
    return this;
  }

  private void keepNewest() {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (i + 1 == size || compare(refs[i], refs[i + 1]) != 0) {
        refs[kept++] = refs[i];
      }
    }
    size = kept;
  }

  private void mergeSort() {
    for (int start = 0; start < size; start += RUN) {
      insertionSort(start, Math.min(start + RUN, size));
    }
    long[] from = refs;
    long[] to = new long[refs.length];
    for (long width = RUN; width < size; width *= 2) {
      for (long start = 0; start < size; start += 2 * width) {
        int middle = (int) Math.min(start + width, size);
        merge(from, to, (int) start, middle, (int) Math.min(start + 2 * width, size));
      }
      long[] swap = from;
      from = to;
      to = swap;
    }
    refs = from;
  }

  private void insertionSort(int start, int end) {
    for (int i = start + 1; i < end; i++) {
      long ref = refs[i];
      int at = i;
      while (at > start && compare(refs[at - 1], ref) > 0) {
        refs[at] = refs[at - 1];
        at--;
      }
      refs[at] = ref;
    }
  }

  private void merge(long[] from, long[] to, int start, int middle, int end) {
    if (middle == end || compare(from[middle - 1], from[middle]) <= 0) {
      System.arraycopy(from, start, to, start, end - start);
      return;
    }
    int left = start;
    int right = middle;
    for (int out = start; out < end; out++) {
      boolean takeLeft = left < middle && (right == end || compare(from[left], from[right]) <= 0);
      to[out] = takeLeft ? from[left++] : from[right++];
    }
  }

  private int compare(long a, long b) {
    MemorySegment in = store.segment(b);
    long at = store.offset(b);
    return compare(
        a,
        Le.u64(in, at + Bkey.OFFSET_INODE),
        Le.u64(in, at + Bkey.OFFSET_OFFSET),
        Le.u32(in, at + Bkey.OFFSET_SNAPSHOT));
  }

  private int compare(long ref, long inode, long offset, int snapshot) {
    MemorySegment in = store.segment(ref);
    long at = store.offset(ref);
    return Bpos.compare(
        Le.u64(in, at + Bkey.OFFSET_INODE),
        Le.u64(in, at + Bkey.OFFSET_OFFSET),
        Le.u32(in, at + Bkey.OFFSET_SNAPSHOT),
        inode,
        offset,
        snapshot);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int lowerBound(long inode, long offset, int snapshot) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (compare(refs[middle], inode, offset, snapshot) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public void get(int index, Bkey out) {
    if (index >= size) {
      throw new IndexOutOfBoundsException(index);
    }
    long ref = refs[index];
    out.readUnpacked(store.segment(ref), store.offset(ref));
  }
}
