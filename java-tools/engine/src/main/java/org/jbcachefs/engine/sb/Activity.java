// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What is done with a filesystem while it is open: events by the format's own counters, whose sums
 * over a filesystem's life are in its superblock, and bytes read from and written to each member by
 * type of data. Thread-safe; counting takes no lock and allocates nothing.
 */
public final class Activity {
  private static final int SECTOR_SHIFT = 9;
  private static final int TYPES =
      Arrays.stream(DataType.values()).mapToInt(DataType::number).max().orElse(0) + 1;

  private static final int COUNTERS =
      Arrays.stream(PersistentCounter.values()).mapToInt(PersistentCounter::number).max().orElse(0)
          + 1;

  private final LongAdder[] counters = adders(COUNTERS);

  /** How much of a counter is in the superblock already. */
  private final long[] stored = new long[COUNTERS];

  private final LongAdder[] bytesRead;
  private final LongAdder[] bytesWritten;

  Activity(int members) {
    this.bytesRead = adders(members * TYPES);
    this.bytesWritten = adders(members * TYPES);
  }

  private static LongAdder[] adders(int count) {
    LongAdder[] adders = new LongAdder[count];
    for (int i = 0; i < count; i++) {
      adders[i] = new LongAdder();
    }
    return adders;
  }

  /** Counts one event. */
  public void count(PersistentCounter counter) {
    counters[counter.number()].increment();
  }

  /** Counts so many events, or sectors where the counter is of those. */
  public void add(PersistentCounter counter, long amount) {
    counters[counter.number()].add(amount);
  }

  /** Counts bytes where the counter is of sectors. */
  public void addBytes(PersistentCounter counter, long bytes) {
    counters[counter.number()].add(bytes >> SECTOR_SHIFT);
  }

  /** What was counted since the filesystem was opened. */
  public long counted(PersistentCounter counter) {
    return counters[counter.number()].sum();
  }

  /** What was counted and is not in the superblock yet. */
  public synchronized long notStored(PersistentCounter counter) {
    return counted(counter) - stored[counter.number()];
  }

  /** The same for whoever puts it there. */
  public synchronized long takeForStoring(PersistentCounter counter) {
    long amount = notStored(counter);
    stored[counter.number()] += amount;
    return amount;
  }

  /** Bytes of that type were read from a member. */
  public void read(DataType type, int member, long bytes) {
    bytesRead[member * TYPES + type.number()].add(bytes);
  }

  /** Bytes of that type were written to a member. */
  public void wrote(DataType type, int member, long bytes) {
    bytesWritten[member * TYPES + type.number()].add(bytes);
  }

  public long bytesRead(DataType type, int member) {
    return bytesRead[member * TYPES + type.number()].sum();
  }

  public long bytesWritten(DataType type, int member) {
    return bytesWritten[member * TYPES + type.number()].sum();
  }
}
