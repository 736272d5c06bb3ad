// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The journal sequence numbers that were given up after unclean shutdowns: bsets that carry one are
 * ignored, entries that carry one do not count, and none of them is missing. Immutable.
 */
public final class SeqBlacklist {
  /**
   * How many numbers are given up after a crash, beyond the newest that was seen: nodes may have
   * been written with numbers whose entries never became durable. Implementations up to version
   * 1.38 skip 64; those of 1.39 let more entries be under way at a time, on filesystems of any
   * version.
   */
  public static final long SKIPPED = 4096;

  public static final SeqBlacklist EMPTY = new SeqBlacklist(List.of());

  private final long[] starts;
  private final long[] ends;

  /**
   * A range of sequence numbers.
   *
   * @param start first
   * @param end one past the last
   */
  public record Range(long start, long end) {}

  private SeqBlacklist(List<Range> merged) {
    starts = merged.stream().mapToLong(Range::start).toArray();
    ends = merged.stream().mapToLong(Range::end).toArray();
  }

  /** Ranges in any order, overlapping or empty ones allowed. */
  public static SeqBlacklist of(List<Range> ranges) {
    List<Range> sorted =
        ranges.stream()
            .filter(range -> Long.compareUnsigned(range.start(), range.end()) < 0)
            .sorted(Comparator.comparing(Range::start, Long::compareUnsigned))
            .toList();
    var merged = new ArrayList<Range>();
    for (Range range : sorted) {
      Range last = merged.isEmpty() ? null : merged.getLast();
      if (last != null && Long.compareUnsigned(range.start(), last.end()) <= 0) {
        long end = Long.compareUnsigned(range.end(), last.end()) > 0 ? range.end() : last.end();
        merged.set(merged.size() - 1, new Range(last.start(), end));
      } else {
        merged.add(range);
      }
    }
    return new SeqBlacklist(merged);
  }

  /** These ranges and further ones. */
  public SeqBlacklist with(List<Range> further) {
    if (further.isEmpty()) {
      return this;
    }
    List<Range> all = new ArrayList<>(ranges());
    all.addAll(further);
    return of(all);
  }

  public boolean contains(long seq) {
    int index = lastStartingAtOrBefore(seq);
    return index >= 0 && Long.compareUnsigned(seq, ends[index]) < 0;
  }

  /** The first number at or after that one that is not blacklisted. */
  public long nextAllowed(long seq) {
    int index = lastStartingAtOrBefore(seq);
    return index >= 0 && Long.compareUnsigned(seq, ends[index]) < 0 ? ends[index] : seq;
  }

  /** The first number at or after that one that is blacklisted, or -1 (the highest) if none is. */
  public long nextBlacklisted(long seq) {
    if (contains(seq)) {
      return seq;
    }
    int index = lastStartingAtOrBefore(seq) + 1;
    return index < starts.length ? starts[index] : -1;
  }

  /** The ranges, merged, ascending. */
  public List<Range> ranges() {
    Range[] ranges = new Range[starts.length];
    Arrays.setAll(ranges, i -> new Range(starts[i], ends[i]));
    return List.of(ranges);
  }

  private int lastStartingAtOrBefore(long seq) {
    int low = 0;
    int high = starts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(starts[middle], seq) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}
