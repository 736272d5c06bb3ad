// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/**
 * Sectors that the keys of each snapshot id use, from accounting. Immutable, thread-safe.
 *
 * @param sectors by snapshot id; one that is not there uses none
 */
public record SnapshotUsage(Map<Integer, Long> sectors) {
  private static final long TYPE_SHIFT = 56;

  /**
   * Reads the accounting of snapshots. Since 1.39 each has a key for each btree, with the number of
   * keys and the sum of their sizes before the sectors; until then sectors are the only counter.
   */
  public static SnapshotUsage read(Btrees btrees) {
    Map<Integer, Long> sectors = new HashMap<>();
    long type = AccountingType.SNAPSHOT.number();
    Bpos first = new Bpos(type << TYPE_SHIFT, 0, 0);
    Bpos last = new Bpos((type << TYPE_SHIFT) | ((1L << TYPE_SHIFT) - 1), -1, -1);
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), first, last)) {
      while (keys.next()) {
        Bkey key = keys.key();
        int counters = Accounting.counters(key);
        if (key.type() == KeyType.ACCOUNTING.number() && counters > 0) {
          int snapshot = AccountingKey.of(key.pos()).id();
          sectors.merge(snapshot, Accounting.counter(key, counters - 1), Long::sum);
        }
      }
    }
    return new SnapshotUsage(Map.copyOf(sectors));
  }

  /** Sectors of that id's own keys. */
  public long of(int snapshot) {
    return sectors.getOrDefault(snapshot, 0L);
  }

  /** Sectors of that id's and all its ancestors' keys: what it can see. */
  public long visibleTo(int snapshot, SnapshotTable snapshots) {
    long sum = 0;
    for (int id : snapshots.lineage(snapshot)) {
      sum += of(id);
    }
    return sum;
  }
}
