// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Where the last extent of each snapshot ended in one file, to find those that begin before the end
 * of another one that is visible where they are. Allocates nothing per key.
 */
final class ExtentEnds {
  private final SnapshotTable snapshots;
  private int count;
  private int[] ids = new int[8];
  private long[] ends = new long[8];
  private int[][] seen = new int[8][];
  private int[] seenCounts = new int[8];

  /** The greatest end of all: what begins behind it overlaps nothing. */
  private long greatest;

  ExtentEnds(SnapshotTable snapshots) {
    this.snapshots = snapshots;
  }

  /** Another file begins. */
  void begin() {
    count = 0;
    greatest = 0;
  }

  /** Index of an extent that a key overlaps; -1 if there is none. */
  int overlapped(Bkey key, Seen seenHere) {
    long start = key.start();
    if (Long.compareUnsigned(greatest, start) <= 0) {
      return -1;
    }
    for (int i = 0; i < count; i++) {
      if (Long.compareUnsigned(ends[i], start) > 0 && seesEachOther(key.snapshot(), seenHere, i)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether some snapshot sees both: the one with the lower id then is it. */
  private boolean seesEachOther(int id, Seen seenHere, int other) {
    return Integer.compareUnsigned(id, ids[other]) >= 0
        ? seenHere.visible(ids[other], id)
        : Seen.visible(snapshots, seen[other], seenCounts[other], id, ids[other]);
  }

  long end(int index) {
    return ends[index];
  }

  int snapshot(int index) {
    return ids[index];
  }

  /** An extent of that key's snapshot ends here. */
  void put(Bkey key, Seen seenHere) {
    int at = 0;
    while (at < count && ids[at] != key.snapshot()) {
      at++;
    }
    if (at == count) {
      grow();
      ids[at] = key.snapshot();
      count++;
    }
    ends[at] = key.offset();
    seen[at] = seenHere.copyTo(seen[at] == null ? new int[0] : seen[at]);
    seenCounts[at] = seenHere.count();
    greatest = key.offset();
  }

  private void grow() {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
      ends = Arrays.copyOf(ends, count * 2);
      seen = Arrays.copyOf(seen, count * 2);
      seenCounts = Arrays.copyOf(seenCounts, count * 2);
    }
  }
}
