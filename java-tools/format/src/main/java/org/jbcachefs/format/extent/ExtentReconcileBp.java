// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/**
 * One word in a btree pointer: where in the reconcile_scan btree the node's backpointer is. Source:
 * {@code struct bch_extent_reconcile_bp}.
 */
public final class ExtentReconcileBp {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 9);
  public static final BitRange IDX = new BitRange(9, 64);

  private ExtentReconcileBp() {}

  public static long pack(long idx) {
    return IDX.set(ExtentEntryType.RECONCILE_BP.typeBit(), idx);
  }

  public static long idx(long word) {
    return IDX.get(word);
  }
}
