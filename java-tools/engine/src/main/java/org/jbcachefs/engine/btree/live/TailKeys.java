// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.format.bkey.Bkey;

/** Steps through a tail's keys, deletions included, in order. */
public final class TailKeys {
  private final Tail tail;
  private int place;

  public TailKeys(Tail tail) {
    this.tail = tail;
    this.place = tail.first();
  }

  /** Points the cursor at the next key and returns it; null at the end. */
  public Bkey next(Bkey out) {
    if (place == tail.end()) {
      return null;
    }
    LiveKey key = tail.get(place);
    place = tail.next(place);
    return key.read(out);
  }
}
