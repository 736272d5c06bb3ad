// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.function.Supplier;

/** A table read from the btrees, read again after they changed. Thread-safe. */
final class TableCache<T> {
  private final Supplier<T> reader;
  private volatile Read<T> known;
  private volatile long changes;

  private record Read<T>(T table, long changes) {}

  TableCache(Supplier<T> reader) {
    this.reader = reader;
  }

  /** The table as of no earlier than this call. */
  T get() {
    Read<T> read = known;
    long now = changes;
    if (read == null || read.changes != now) {
      read = new Read<>(reader.get(), now);
      known = read;
    }
    return read.table;
  }

  /** What the table is made of has changed; callers hold the commit lock. */
  @SuppressWarnings("NonAtomicVolatileUpdate")
  void forget() {
    changes++;
  }
}
