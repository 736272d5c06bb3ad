// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;

/**
 * Keys of the extents btree with those that say that something is lost, and without those that are
 * no more true. Read once, from the beginning.
 */
final class LostKeys implements KeySequence {
  /** A record: inode, end, and snapshot and size in one; without a size what was there goes. */
  static final int LONGS = 3;

  private static final int SNAPSHOT_SHIFT = 32;
  private static final long SIZE_MASK = (1L << SNAPSHOT_SHIFT) - 1;

  private final KeySequence keys;
  private final SortedRecords records;
  private boolean moreKeys;
  private boolean moreRecords;
  private boolean begun;
  private boolean used;
  private Bkey current;

  LostKeys(KeySequence keys, SortedRecords records) {
    this.keys = keys;
    this.records = records;
  }

  /** The last long of a record. */
  static long last(int snapshot, long sectors) {
    return Integer.toUnsignedLong(snapshot) << SNAPSHOT_SHIFT | sectors;
  }

  /** A key that says that what was there is lost. */
  static Bkey lost(long inode, long end, int snapshot, long sectors) {
    Bkey key = new Bkey().setPos(inode, end, snapshot).setSize((int) sectors);
    return key.setType(KeyType.ERROR.number()).setValue(MemorySegment.ofArray(new long[0]), 0, 0);
  }

  @Override
  public boolean next() {
    if (!begun) {
      begun = true;
      moreRecords = records.next();
      moreKeys = keys.next();
    } else if (used) {
      moreKeys = keys.next();
    }
    used = false;
    while (moreRecords && (!moreKeys || order() >= 0)) {
      if (moreKeys && order() == 0) {
        moreKeys = keys.next();
        continue;
      }
      long sectors = records.get(2) & SIZE_MASK;
      if (sectors != 0) {
        current = lost(records.get(0), records.get(1), snapshot(), sectors);
      }
      moreRecords = records.next();
      if (sectors != 0) {
        return true;
      }
    }
    current = moreKeys ? keys.key() : null;
    used = moreKeys;
    return moreKeys;
  }

  private int snapshot() {
    return (int) (records.get(2) >>> SNAPSHOT_SHIFT);
  }

  private int order() {
    return keys.key().comparePos(records.get(0), records.get(1), snapshot());
  }

  @Override
  public Bkey key() {
    return current;
  }

  @Override
  public void close() {
    keys.close();
  }
}
