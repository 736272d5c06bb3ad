// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.extent.StripeValue;

/** The LRU list of stripes. */
public final class LruLists {
  private LruLists() {}

  /** Whether a key of the lru btree is on the list of stripes. */
  public static boolean isOfStripes(Bkey key) {
    return LruPosition.list(key.inode()) == LruPosition.STRIPES;
  }

  /** First field of a stripe's position on its list; 0 if it is not on it. */
  public static long ofStripe(StripeValue stripe) {
    long time = LruPosition.stripe(stripe);
    return time == 0 ? 0 : LruPosition.of(LruPosition.STRIPES, time);
  }
}
