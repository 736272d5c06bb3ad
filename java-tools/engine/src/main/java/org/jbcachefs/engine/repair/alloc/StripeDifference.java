// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.lang.foreign.MemorySegment;
import java.util.TreeMap;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.alloc.LruLists;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.StripeValue;

/** Live sectors in the blocks of stripes, and the list of stripes that have room. */
final class StripeDifference {
  private final Btrees btrees;
  private final KeyChanges changes;
  private final SpaceSums sums;
  private final StripeValue stripe = new StripeValue();

  StripeDifference(Btrees btrees, KeyChanges changes, SpaceSums sums) {
    this.btrees = btrees;
    this.changes = changes;
    this.sums = sums;
  }

  /** Writes what differs. */
  void run() {
    TreeMap<Bpos, Boolean> places = new TreeMap<>();
    try (KeyIterator keys = btrees.iterate(BtreeId.STRIPES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.STRIPE.number()) {
          Bkey right = right(keys.key());
          long list = LruLists.ofStripe(stripe.of(right));
          if (list != 0) {
            places.put(Bpos.of(list, right.offset()), true);
          }
        }
      }
    }
    try (KeyIterator keys = btrees.iterate(BtreeId.LRU.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bpos pos = keys.key().pos();
        if (LruLists.isOfStripes(keys.key()) && places.remove(pos) == null) {
          changes.delete(BtreeId.LRU, pos);
        }
      }
    }
    places.keySet().forEach(pos -> changes.set(BtreeId.LRU, pos));
  }

  private Bkey right(Bkey found) {
    stripe.of(found);
    int[] live = sums.liveSectors(found.offset());
    Bkey right = found.copy();
    MemorySegment value = null;
    for (int block = 0; block < stripe.blocks(); block++) {
      int want = block >= stripe.dataBlocks() ? 0 : live[block];
      if (stripe.blockSectors(block) != want) {
        if (value == null) {
          value = MemorySegment.ofArray(new long[found.valueBytes() / Long.BYTES]);
          MemorySegment.copy(found.segment(), found.valueOffset(), value, 0, found.valueBytes());
        }
        Le.putU16(value, stripe.countAt(block), want);
      }
    }
    if (value != null) {
      right.setValue(value, 0, found.valueBytes());
      changes.set(BtreeId.STRIPES, right);
    }
    return right;
  }
}
