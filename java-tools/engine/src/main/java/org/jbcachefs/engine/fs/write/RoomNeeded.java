// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.value.Reservation;

/**
 * How much room a write takes that the file does not have yet. What replaces data of the file alone
 * that is as large, or a reservation, takes none. Source: {@code bch2_check_range_allocated}.
 */
final class RoomNeeded {
  private final WritableFilesystem filesystem;

  RoomNeeded(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** Sectors for a range of a file, copies counted one by one. */
  long sectors(FileId file, long start, long end, int replicas) {
    SnapshotTable table = filesystem.snapshots();
    Bpos from = new Bpos(file.inode(), start + 1, 0);
    Bpos to = new Bpos(file.inode(), Long.MAX_VALUE, 0);
    long needed = (end - start) * replicas;
    try (VisibleKeys keys =
        new VisibleKeys(
            filesystem.btrees(), table, BtreeId.EXTENTS.number(), file.snapshot(), from, to)) {
      while (keys.next() && keys.key().start() < end) {
        Bkey key = keys.key();
        if (key.snapshot() == file.snapshot()) {
          long overlap = Math.min(end, key.offset()) - Math.max(start, key.start());
          needed -= overlap * Math.min(replicas, copies(key));
        }
      }
    }
    return needed;
  }

  /** Copies that the whole of a key's range has room for. */
  private int copies(Bkey key) {
    if (key.type() == KeyType.RESERVATION.number()) {
      return Reservation.decode(key).replicas();
    }
    int copies = 0;
    if (key.type() == KeyType.EXTENT.number()) {
      ExtentEntries entries =
          new ExtentEntries().of(key, ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
      while (entries.nextPtr()) {
        copies += entries.cached() || entries.crc().isCompressed() ? 0 : 1;
      }
    }
    return copies;
  }
}
