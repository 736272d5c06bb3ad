// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.List;
import java.util.PriorityQueue;

/** Steps through sorted records; the values are those of the current one. Belongs to one thread. */
public final class SortedRecords {
  private static final int LEAST_BUFFER_RECORDS = 64;
  private static final int MOST_BUFFER_RECORDS = 1 << 15;

  private final PriorityQueue<RecordRun> runs;
  private final StridedSort order;
  private final int longs;
  private final int bufferRecords;
  private RecordRun current;

  SortedRecords(List<RecordRun> from, StridedSort order, int longs, long bytesEach) {
    this.longs = longs;
    this.order = order;
    this.bufferRecords =
        Math.clamp(bytesEach / Long.BYTES / longs, LEAST_BUFFER_RECORDS, MOST_BUFFER_RECORDS);
    this.runs = new PriorityQueue<>(Math.max(1, from.size()), this::compare);
    for (RecordRun run : from) {
      if (run.next(bufferRecords)) {
        runs.add(run);
      }
    }
  }

  /** Moves to the next record; false at the end. */
  public boolean next() {
    if (current != null && current.next(bufferRecords)) {
      RecordRun least = runs.peek();
      if (least == null || compare(current, least) <= 0) {
        return true;
      }
      runs.add(current);
    }
    current = runs.poll();
    return current != null;
  }

  private int compare(RecordRun a, RecordRun b) {
    return order.compare(a.records(), a.index(), b.records(), b.index());
  }

  /** One of the current record's longs. */
  public long get(int index) {
    return current.records()[current.index() * longs + index];
  }
}
