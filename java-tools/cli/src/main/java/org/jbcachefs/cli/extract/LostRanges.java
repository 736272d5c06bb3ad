// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** Ranges of bytes of one file that cannot be read, ascending; neighbours are joined. */
final class LostRanges {
  private static final int MOST_IN_A_SENTENCE = 8;

  private final List<long[]> ranges = new ArrayList<>();

  /** From that byte up to, not including, that one. */
  void add(long from, long to) {
    if (!ranges.isEmpty() && ranges.getLast()[1] == from) {
      ranges.getLast()[1] = to;
    } else {
      ranges.add(new long[] {from, to});
    }
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** Pairs of first byte and byte behind the last. */
  List<List<Long>> pairs() {
    List<List<Long>> pairs = new ArrayList<>();
    for (long[] range : ranges) {
      pairs.add(List.of(range[0], range[1]));
    }
    return pairs;
  }

  /** "bytes 0-4095, 8192-12287". */
  String sentence() {
    StringJoiner text = new StringJoiner(", ", "bytes ", "");
    for (long[] range : ranges.subList(0, Math.min(ranges.size(), MOST_IN_A_SENTENCE))) {
      text.add(range[0] + "-" + (range[1] - 1));
    }
    if (ranges.size() > MOST_IN_A_SENTENCE) {
      text.add("and " + (ranges.size() - MOST_IN_A_SENTENCE) + " more ranges");
    }
    return text.toString();
  }
}
