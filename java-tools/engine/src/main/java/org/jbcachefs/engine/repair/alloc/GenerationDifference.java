// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.BucketGens;

/**
 * The bucket_gens btree, which has the generations of {@link BucketGens#COUNT} buckets in a key.
 */
final class GenerationDifference {
  private static final BtreeId BTREE = BtreeId.BUCKET_GENS;

  private final Btrees btrees;
  private final KeyChanges changes;

  GenerationDifference(Btrees btrees, KeyChanges changes) {
    this.btrees = btrees;
    this.changes = changes;
  }

  /**
   * Writes what differs.
   *
   * @param generations by device and bucket
   */
  void run(byte[][] generations) {
    try (KeyIterator keys = btrees.iterate(BTREE.number(), Bpos.MIN, Bpos.MAX)) {
      boolean found = keys.next();
      for (int device = 0; device < generations.length; device++) {
        for (long group = 0; group * BucketGens.COUNT < generations[device].length; group++) {
          while (found && keys.key().comparePos(device, group, 0) < 0) {
            changes.delete(BTREE, keys.key().pos());
            found = keys.next();
          }
          boolean here = found && keys.key().comparePos(device, group, 0) == 0;
          group(device, group, generations[device], here ? keys.key() : null);
          found = here ? keys.next() : found;
        }
      }
      for (; found; found = keys.next()) {
        changes.delete(BTREE, keys.key().pos());
      }
    }
  }

  private void group(int device, long group, byte[] generations, Bkey found) {
    byte[] value = new byte[BucketGens.BYTES];
    boolean zero = true;
    for (int i = 0; i < BucketGens.COUNT; i++) {
      long at = group * BucketGens.COUNT + i;
      value[i] = at < generations.length ? generations[(int) at] : 0;
      zero &= value[i] == 0;
    }
    boolean same =
        found == null
            ? zero
            : found.type() == KeyType.BUCKET_GENS.number()
                && found.valueBytes() == BucketGens.BYTES
                && found
                        .segment()
                        .asSlice(found.valueOffset(), BucketGens.BYTES)
                        .mismatch(MemorySegment.ofArray(value))
                    == -1;
    if (!same) {
      MemorySegment bytes = MemorySegment.ofArray(new long[BucketGens.BYTES / Long.BYTES]);
      MemorySegment.copy(MemorySegment.ofArray(value), 0, bytes, 0, BucketGens.BYTES);
      Bkey key = new Bkey().setPos(device, group, 0).setType(KeyType.BUCKET_GENS.number());
      changes.set(BTREE, key.setValue(bytes, 0, BucketGens.BYTES));
    }
  }
}
