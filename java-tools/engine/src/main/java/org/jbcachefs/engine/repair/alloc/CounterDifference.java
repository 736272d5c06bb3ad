// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.alloc.CounterMap;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/** The accounting btree. Counters are corrected by what they lack or have too much. */
final class CounterDifference {
  private static final BtreeId BTREE = BtreeId.ACCOUNTING;

  private final WritableFilesystem filesystem;
  private final KeyChanges changes;

  CounterDifference(WritableFilesystem filesystem, KeyChanges changes) {
    this.filesystem = filesystem;
    this.changes = changes;
  }

  /** Writes what differs. */
  void run(CounterMap wanted) {
    Bpos[] positions = wanted.positions();
    int next = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(BTREE.number(), Bpos.MIN, Bpos.MAX)) {
      boolean found = keys.next();
      while (found || next < positions.length) {
        int order =
            !found ? 1 : next == positions.length ? -1 : keys.key().comparePos(positions[next]);
        if (found && order <= 0 && !isCounter(keys.key())) {
          changes.delete(BTREE, keys.key().pos());
          // What belongs there is found missing in the next round.
          next += order == 0 ? 1 : 0;
          found = keys.next();
          continue;
        }
        Bpos pos = order <= 0 ? keys.key().pos() : positions[next];
        if (!isKept(pos)) {
          correct(pos, order >= 0 ? wanted : null, order <= 0 ? keys.key() : null);
        }
        next += order >= 0 ? 1 : 0;
        found = order <= 0 ? keys.next() : found;
      }
    }
  }

  private static boolean isCounter(Bkey key) {
    return key.type() == KeyType.ACCOUNTING.number()
        && AccountingType.of(AccountingKey.of(key.pos()).type()) != null;
  }

  /** Counters of work that only versions before this one knew. */
  private static boolean isKept(Bpos pos) {
    return AccountingType.of(AccountingKey.of(pos).type()) == AccountingType.REBALANCE_WORK;
  }

  /** Whether it counts what is not counted in this version: by snapshot and btree. */
  private boolean isForeign(AccountingKey what) {
    return what.btree() != 0
        && !AccountingType.bySnapshotAndBtree(filesystem.superblock().version());
  }

  private void correct(Bpos pos, CounterMap wanted, Bkey found) {
    AccountingKey what = AccountingKey.of(pos);
    int version = filesystem.superblock().version();
    AccountingType type = AccountingType.of(what.type());
    int count = type.counters(version);
    if (type == AccountingType.SNAPSHOT && found != null && wanted == null && isForeign(what)) {
      changes.delete(BTREE, pos);
      return;
    }
    long[] differences = new long[count];
    boolean differs = false;
    for (int i = 0; i < count; i++) {
      long want = wanted == null ? 0 : wanted.get(pos, i);
      differences[i] = want - (found == null ? 0 : Accounting.counter(found, i));
      differs |= differences[i] != 0;
    }
    if (differs) {
      changes.correct(pos, differences);
    }
  }
}
