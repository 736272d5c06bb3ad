// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.List;

/**
 * The buckets of one device that hold its journal, in the order in which they are used.
 *
 * <p>All ranges are checked to lie within the device and not to overlap.
 */
public record JournalBuckets(List<Range> ranges) {
  public static final JournalBuckets NONE = new JournalBuckets(List.of());

  /** {@code count} buckets from bucket {@code start} on. */
  public record Range(long start, long count) {
    /** One past the last bucket. */
    public long end() {
      return start + count;
    }
  }

  public JournalBuckets {
    ranges = List.copyOf(ranges);
  }

  /** Number of buckets. */
  public int size() {
    long size = 0;
    for (Range range : ranges) {
      size += range.count;
    }
    return Math.toIntExact(size);
  }

  /** All bucket numbers, in order. */
  public long[] buckets() {
    long[] buckets = new long[size()];
    int next = 0;
    for (Range range : ranges) {
      for (long bucket = range.start; bucket < range.end(); bucket++) {
        buckets[next++] = bucket;
      }
    }
    return buckets;
  }
}
