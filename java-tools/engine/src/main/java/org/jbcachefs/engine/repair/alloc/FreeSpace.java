// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.nio.file.Path;
import java.util.BitSet;
import org.jbcachefs.engine.alloc.write.FreeSource;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;

/**
 * Buckets that surely hold nothing, where only a part of the btrees can be read: no key that is
 * left points there, and the alloc btree, as far as it can be read, does not say that they are
 * used.
 */
public final class FreeSpace {
  private FreeSpace() {}

  /**
   * Finds them.
   *
   * @param left opened for rescue
   */
  public static FreeSource of(ReadFilesystem left, long memoryBytes, Path spill) {
    try (RecordSorter sorter =
        new RecordSorter(SpaceSums.RECORD, SpaceSums.RECORD_KEY, memoryBytes, spill)) {
      SpaceSums sums =
          new SpaceSums(
              left.btrees(), left.devices(), left.superblock(), btree -> root(left, btree), sorter);
      sums.run();
      BitSet[] free = new BitSet[sums.buckets.devices()];
      for (int device = 0; device < free.length; device++) {
        free[device] = new BitSet();
        for (long at = sums.buckets.first(device); at < sums.buckets.count(device); at++) {
          if (sums.buckets.contents(device, at).isEmpty()) {
            free[device].set((int) at);
          }
        }
      }
      takeOutUsed(left, sums, free);
      return new FreeBitmaps(free);
    }
  }

  private static Bkey root(ReadFilesystem left, int btree) {
    BtreeRoot root = left.journal().overlay().root(btree);
    return root == null ? null : root.key();
  }

  private static void takeOutUsed(ReadFilesystem left, SpaceSums sums, BitSet[] free) {
    try (KeyIterator keys = left.btrees().iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean used = AllocV4.is(key) && AllocV4.of(key).dataType() != DataType.FREE.number();
        if (used && sums.buckets.exists(key.inode(), key.offset())) {
          free[(int) key.inode()].clear((int) key.offset());
        }
      }
    } catch (CorruptionException e) {
      // What lies behind is not known: what nothing points to has to do.
      return;
    }
  }
}
