// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import java.util.ArrayList;
import java.util.List;

/** The byte ranges of a device where reads or writes fail. Not thread-safe. */
final class FaultRanges {
  private record Range(long start, long end) {
    boolean touches(long offset, long length) {
      return length > 0 && offset < end && offset + length > start;
    }
  }

  private final List<Range> reads = new ArrayList<>();
  private final List<Range> writes = new ArrayList<>();

  void addReads(long offset, long length) {
    reads.add(new Range(offset, offset + length));
  }

  void addWrites(long offset, long length) {
    writes.add(new Range(offset, offset + length));
  }

  boolean readFails(long offset, long length) {
    return reads.stream().anyMatch(range -> range.touches(offset, length));
  }

  boolean writeFails(long offset, long length) {
    return writes.stream().anyMatch(range -> range.touches(offset, length));
  }

  void clear() {
    reads.clear();
    writes.clear();
  }
}
