// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.fs.write.EntryRepair;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * Extents that a snapshot sees of a file.
 *
 * @param any whether there is data among them
 * @param sectors of all data
 * @param end the sector where the last extent ends
 */
record FileExtents(boolean any, long sectors, long end) {
  /**
   * Of that file.
   *
   * @param names of the snapshot
   */
  static FileExtents of(EntryRepair names, long number) {
    boolean any = false;
    long sectors = 0;
    long end = 0;
    Bpos from = new Bpos(number, 0, 0);
    try (KeyIterator keys = names.keys().visible(BtreeId.EXTENTS, from, new Bpos(number, -1, 0))) {
      while (keys.next()) {
        boolean counts = ExtentCut.isAllocation(keys.key().type());
        any |= counts;
        sectors += counts ? Integer.toUnsignedLong(keys.key().size()) : 0;
        end = Math.max(end, keys.key().offset());
      }
    }
    return new FileExtents(any, sectors, end);
  }
}
