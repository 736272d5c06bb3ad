// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;

/** The btrees whose keys follow from those of others: what is lost of them is computed again. */
public final class DerivedBtrees {
  /** All of them. */
  public static final Set<BtreeId> ALL =
      Set.copyOf(
          EnumSet.of(
              BtreeId.ALLOC,
              BtreeId.FREESPACE,
              BtreeId.NEED_DISCARD,
              BtreeId.LRU,
              BtreeId.BACKPOINTERS,
              BtreeId.BUCKET_GENS,
              BtreeId.ACCOUNTING));

  private DerivedBtrees() {}

  /** Numbers of those that cannot be read in full. */
  static Set<Integer> unreadable(ReadFilesystem filesystem) {
    Set<Integer> lost = new TreeSet<>();
    for (BtreeId btree : ALL) {
      if (!isReadable(filesystem.btrees(), btree.number())) {
        lost.add(btree.number());
      }
    }
    return lost;
  }

  private static boolean isReadable(Btrees btrees, int btree) {
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, Bpos.MAX)) {
      boolean more = keys.next();
      while (more) {
        more = keys.next();
      }
      return true;
    } catch (CorruptionException e) {
      // Whoever checks has reported it.
      return e.errorName().isEmpty();
    }
  }
}
