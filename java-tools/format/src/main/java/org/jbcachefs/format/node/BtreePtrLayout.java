// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import org.jbcachefs.format.bytes.BitRange;

/**
 * Where things are in the value of a {@code btree_ptr_v2} key; extent pointers follow it. A legacy
 * {@code btree_ptr} has the pointers only. Source: {@code struct bch_btree_ptr_v2}.
 */
public final class BtreePtrLayout {
  /** Used in memory only; zero or garbage on disk. */
  public static final int OFFSET_MEM_PTR = 0;

  public static final int OFFSET_SEQ = 8;
  public static final int OFFSET_SECTORS_WRITTEN = 16;
  public static final int OFFSET_FLAGS = 18;
  public static final int OFFSET_MIN_KEY = 20;

  /** Bytes before the first pointer. */
  public static final int BYTES = 40;

  /** In flags (u16): the pointer's range is right and the node's own is not. */
  public static final BitRange RANGE_UPDATED = new BitRange(0, 1);

  private BtreePtrLayout() {}
}
