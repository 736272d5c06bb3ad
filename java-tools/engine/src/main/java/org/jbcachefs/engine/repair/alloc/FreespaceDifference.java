// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The ranges of free buckets. Ranges that touch count as one, however they are cut into keys: only
 * a run of them that is not as it must be is written anew.
 */
final class FreespaceDifference {
  /** Where the bits lie that tell buckets apart which wait for their generations. */
  static final int BITS_SHIFT = 56;

  private static final MemorySegment NO_VALUE = MemorySegment.ofArray(new long[0]);

  private final Btrees btrees;
  private final KeyChanges changes;
  private final Run run = new Run();
  private KeyIterator keys;
  private boolean key;

  /** Keys that touch each other. */
  private static final class Run {
    final List<Bpos> ends = new ArrayList<>();
    long device;
    long start;
    long end;
    boolean wrong;
  }

  FreespaceDifference(Btrees btrees, KeyChanges changes) {
    this.btrees = btrees;
    this.changes = changes;
  }

  /**
   * Writes what differs.
   *
   * @param wanted device, end, start
   */
  void run(SortedRecords wanted) {
    keys = btrees.iterate(BtreeId.FREESPACE.number(), Bpos.MIN, Bpos.MAX);
    try (KeyIterator opened = keys) {
      key = opened.next();
      boolean found = nextRun();
      boolean more = wanted.next();
      while (found || more) {
        int order = !found ? 1 : !more ? -1 : order(wanted);
        if (order == 0 && run.start == wanted.get(2) && !run.wrong) {
          found = nextRun();
          more = wanted.next();
          continue;
        }
        // A key at the end of a wanted range is replaced by it, not deleted behind it.
        boolean both = found && more && run.device == wanted.get(0);
        if (order <= 0) {
          Bpos kept = order == 0 && both ? Bpos.of(wanted.get(0), wanted.get(1)) : null;
          run.ends.stream()
              .filter(end -> !end.equals(kept))
              .forEach(end -> changes.delete(BtreeId.FREESPACE, end));
          found = nextRun();
          if (order < 0) {
            continue;
          }
        } else if (both) {
          deleteUpTo(wanted.get(1));
        }
        set(wanted.get(0), wanted.get(2), wanted.get(1));
        more = wanted.next();
      }
    }
  }

  /** Of a run that reaches further, the keys up to there go first, and those behind it later. */
  private void deleteUpTo(long offset) {
    for (Bpos end : List.copyOf(run.ends)) {
      if (Long.compareUnsigned(end.offset(), offset) <= 0) {
        if (end.offset() != offset) {
          changes.delete(BtreeId.FREESPACE, end);
        }
        run.ends.remove(end);
      }
    }
  }

  private int order(SortedRecords wanted) {
    int order = Long.compareUnsigned(run.device, wanted.get(0));
    return order != 0 ? order : Long.compareUnsigned(run.end, wanted.get(1));
  }

  private boolean nextRun() {
    run.ends.clear();
    run.wrong = false;
    while (key) {
      Bkey now = keys.key();
      boolean fits = now.type() == KeyType.SET.number() && now.snapshot() == 0 && now.size() != 0;
      boolean first = run.ends.isEmpty();
      boolean touches = now.inode() == run.device && now.start() == run.end && fits && !run.wrong;
      if (!first && !touches) {
        return true;
      }
      if (first) {
        run.device = now.inode();
        run.start = now.start();
        run.wrong = !fits;
      }
      run.end = now.offset();
      run.ends.add(now.pos());
      key = keys.next();
    }
    return !run.ends.isEmpty();
  }

  private void set(long device, long start, long end) {
    Bkey made = new Bkey().setPos(device, end, 0).setType(KeyType.SET.number());
    changes.set(BtreeId.FREESPACE, made.setSize((int) (end - start)).setValue(NO_VALUE, 0, 0));
  }
}
