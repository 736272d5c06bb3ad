// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.EnumSet;
import java.util.Set;
import org.jbcachefs.format.bkey.BtreeId;

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
}
