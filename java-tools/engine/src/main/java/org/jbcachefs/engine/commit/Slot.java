// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import org.jbcachefs.format.bkey.Bpos;

/** Where a key is: a position of one level of a btree. */
record Slot(int btree, int level, Bpos pos) implements Comparable<Slot> {
  @Override
  public int compareTo(Slot other) {
    int order = Integer.compare(btree, other.btree);
    if (order == 0) {
      order = Integer.compare(level, other.level);
    }
    return order != 0 ? order : pos.compareTo(other.pos);
  }
}
