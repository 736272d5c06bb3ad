// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.check.alloc.LruLists;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * The indexes of buckets that have one key for a bucket, or for a bucket and a stripe:
 * need_discard, the LRU lists, bucket_to_stripe.
 */
final class PlaceDifference {
  private static final BtreeId[] BTREES = {
    BtreeId.LRU, BtreeId.NEED_DISCARD, BtreeId.BUCKET_TO_STRIPE
  };

  private final Btrees btrees;
  private final KeyChanges changes;

  PlaceDifference(Btrees btrees, KeyChanges changes) {
    this.btrees = btrees;
    this.changes = changes;
  }

  /**
   * Writes what differs.
   *
   * @param wanted btree, inode, offset
   */
  void run(SortedRecords wanted) {
    boolean more = wanted.next();
    for (BtreeId btree : BTREES) {
      try (KeyIterator keys = btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
        boolean found = keys.next();
        while (found || (more && wanted.get(0) == btree.number())) {
          int order = order(btree, found ? keys.key() : null, more ? wanted : null);
          if (order < 0) {
            if (!isOthers(btree, keys.key())) {
              changes.delete(btree, keys.key().pos());
            }
            found = keys.next();
            continue;
          }
          if (order > 0 || keys.key().type() != KeyType.SET.number()) {
            changes.set(btree, Bpos.of(wanted.get(1), wanted.get(2)));
          }
          found = order == 0 ? keys.next() : found;
          more = wanted.next();
        }
      }
    }
  }

  private static int order(BtreeId btree, Bkey key, SortedRecords wanted) {
    if (wanted == null || wanted.get(0) != btree.number()) {
      return -1;
    }
    return key == null ? 1 : key.comparePos(wanted.get(1), wanted.get(2), 0);
  }

  /** The list of stripes is not one of buckets. */
  private static boolean isOthers(BtreeId btree, Bkey key) {
    return btree == BtreeId.LRU && LruLists.isOfStripes(key);
  }
}
