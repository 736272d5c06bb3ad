// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.value.Reservation;

/** Room that is promised to a file, and read as zeros until it is written. */
final class Preallocation {
  /** The longest reservation that is made as one key. */
  static final long RESERVATION_SECTORS_MOST = 1L << 30;

  private final DataOptions options;

  /** Up to where holes are filled, and how many sectors that took. */
  record Filled(long end, long sectors) {}

  Preallocation(DataOptions options) {
    this.options = options;
  }

  /** A reservation that still needs a place. */
  Bkey reservation() {
    MemorySegment value = MemorySegment.ofArray(new long[Reservation.BYTES / Long.BYTES]);
    Le.putU8(value, Reservation.OFFSET_REPLICAS, options.replicas());
    return new Bkey().setType(KeyType.RESERVATION.number()).setValue(value, 0, Reservation.BYTES);
  }

  /** That key for a range of sectors. */
  static Bkey sized(Bkey reservation, long inode, long start, long end) {
    return new Bkey().set(reservation).setPos(inode, end, 0).setSize((int) (end - start));
  }

  /** Puts reservations where there is nothing, between the first of some extents. */
  Filled fill(SnapshotKeys keys, long inode, long start, long end, int most) {
    long at = start;
    long sectors = 0;
    int left = most;
    Bpos from = new Bpos(inode, start + 1, 0);
    try (KeyIterator all =
        keys.visible(BtreeId.EXTENTS, from, new Bpos(inode, Long.MAX_VALUE, 0))) {
      while (at < end && left-- > 0) {
        boolean there = all.next();
        long hole = there ? Math.min(end, all.key().start()) : end;
        if (hole > at) {
          long stop = Math.min(hole, at + RESERVATION_SECTORS_MOST);
          keys.put(BtreeId.EXTENTS, sized(reservation(), inode, at, stop));
          sectors += stop - at;
          at = stop;
          if (stop < hole) {
            return new Filled(at, sectors);
          }
        }
        at = there && at < end ? Math.max(at, all.key().offset()) : at;
      }
    }
    return new Filled(Math.min(at, end), sectors);
  }
}
