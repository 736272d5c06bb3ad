// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.repair.lost.NamedExtents;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.Backpointer;

/** The btrees of backpointers. */
final class BackpointerDifference {
  private final Btrees btrees;
  private final KeyChanges changes;
  private final NamedExtents dropped;
  private final RecordSorter.Writer deletions;
  private SortedRecords wanted;
  private boolean more;
  private final long[] choice = new long[SpaceSums.RECORD];
  private final List<List<SharedPlaces.Pointed>> shared = new ArrayList<>();

  /**
   * @param dropped gets what nothing asks for: what names extents is not deleted here
   * @param deletions gets device and offset of each of those, to be deleted at the end
   */
  BackpointerDifference(
      Btrees btrees, KeyChanges changes, NamedExtents dropped, RecordSorter.Writer deletions) {
    this.btrees = btrees;
    this.changes = changes;
    this.dropped = dropped;
    this.deletions = deletions;
  }

  /**
   * Writes what differs.
   *
   * @param records as {@link SpaceSums} makes them
   */
  void run(SortedRecords records) {
    wanted = records;
    more = wanted.next();
    compare(BtreeId.BACKPOINTERS, 0);
    compare(BtreeId.STRIPE_BACKPOINTERS, SpaceSums.OF_STRIPES);
  }

  private void compare(BtreeId btree, long mark) {
    try (KeyIterator keys = btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      boolean found = keys.next();
      while (found || isMore(mark)) {
        boolean behind = found && (!isMore(mark) || order(keys.key(), mark) < 0);
        if (behind) {
          drop(btree, keys.key());
          found = keys.next();
          continue;
        }
        boolean same = found && order(keys.key(), mark) == 0;
        position(btree, mark, same ? keys.key() : null);
        found = same ? keys.next() : found;
      }
    }
  }

  /** Keys that point to one and the same place. */
  List<List<SharedPlaces.Pointed>> shared() {
    return shared;
  }

  private boolean isMore(long mark) {
    return more && (wanted.get(0) & SpaceSums.OF_STRIPES) == mark;
  }

  private int order(Bkey key, long mark) {
    return key.comparePos(wanted.get(0) & ~mark, wanted.get(1), 0);
  }

  /** All records of one position: the needed ones come first, and one of them is to be there. */
  private void position(BtreeId btree, long mark, Bkey found) {
    boolean first = true;
    boolean matched = false;
    List<SharedPlaces.Pointed> all = null;
    do {
      if (!first && wanted.get(2) == 0) {
        all = all == null ? new ArrayList<>(List.of(pointed(choice))) : all;
        all.add(pointed(record()));
      }
      if (first) {
        System.arraycopy(record(), 0, choice, 0, choice.length);
        first = false;
      }
      boolean asGood = wanted.get(2) == choice[2];
      matched |= found != null && asGood && matches(found);
      more = wanted.next();
    } while (more && wanted.get(0) == choice[0] && wanted.get(1) == choice[1]);
    if (all != null) {
      shared.add(all);
    }
    boolean needed = choice[2] == 0;
    Bpos pos = Bpos.of(choice[0] & ~mark, choice[1]);
    if (!matched && needed) {
      if (found != null) {
        dropped.add(found);
      }
      changes.set(btree, made(pos, choice));
    } else if (!matched && found != null) {
      drop(btree, found);
    }
  }

  private void drop(BtreeId btree, Bkey key) {
    if (btree == BtreeId.BACKPOINTERS && dropped.add(key)) {
      deletions.add(key.inode(), key.offset());
    } else {
      changes.delete(btree, key.pos());
    }
  }

  private long[] record() {
    long[] record = new long[SpaceSums.RECORD];
    for (int i = 0; i < record.length; i++) {
      record[i] = wanted.get(i);
    }
    return record;
  }

  private static SharedPlaces.Pointed pointed(long[] record) {
    Backpointer value = Backpointer.decode(made(Bpos.MIN, record));
    return new SharedPlaces.Pointed(value.btree(), value.level(), value.pos());
  }

  private boolean matches(Bkey found) {
    if (found.type() != KeyType.BACKPOINTER.number() || found.valueBytes() < Backpointer.BYTES) {
      return false;
    }
    for (int word = 0; word < Backpointers.WORDS; word++) {
      if (Backpointers.wordOf(found, word) != wanted.get(SpaceSums.RECORD_KEY + word)) {
        return false;
      }
    }
    return true;
  }

  private static Bkey made(Bpos pos, long[] record) {
    MemorySegment value = MemorySegment.ofArray(new long[Backpointers.WORDS]);
    for (int word = 0; word < Backpointers.WORDS; word++) {
      Le.putU64(value, (long) word * Long.BYTES, record[SpaceSums.RECORD_KEY + word]);
    }
    Bkey key = new Bkey().setPos(pos).setType(KeyType.BACKPOINTER.number());
    return key.setValue(value, 0, Backpointer.BYTES);
  }
}
