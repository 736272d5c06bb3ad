// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import org.jbcachefs.format.bytes.BitRange;

/**
 * Where things are at the start of a btree node: its header, the first bset's header at {@link
 * #OFFSET_BSET}, that bset's keys at {@link #BYTES}. Source: {@code struct btree_node}.
 */
public final class BtreeNodeLayout {
  /** Checksum of everything from {@link #OFFSET_MAGIC} to the end of the first bset's keys. */
  public static final int OFFSET_CSUM = 0;

  public static final int OFFSET_MAGIC = 16;

  /** From here to {@link #OFFSET_BSET} the header is encrypted where the keys are. */
  public static final int OFFSET_FLAGS = 24;

  public static final int OFFSET_MIN_KEY = 32;
  public static final int OFFSET_MAX_KEY = 52;

  /** An extent pointer that nobody reads any more. */
  public static final int OFFSET_PTR = 72;

  public static final int OFFSET_FORMAT = 80;
  public static final int OFFSET_BSET = 136;

  /** Bytes before the first key. */
  public static final int BYTES = 160;

  /** The magic is this, exclusive or with the first word of the internal uuid. */
  public static final long MAGIC = 0x90135c78b99e07f5L;

  /** In flags: the btree's number, low four bits. */
  public static final BitRange ID_LO = new BitRange(0, 4);

  public static final BitRange LEVEL = new BitRange(4, 8);

  /** In flags: extents that are overwritten are split first; required in extent btrees. */
  public static final BitRange NEW_EXTENT_OVERWRITE = new BitRange(8, 9);

  /** In flags: the btree's number from its fifth bit on. */
  public static final BitRange ID_HI = new BitRange(9, 25);

  /** In flags: one more than in the node that this one replaced. */
  public static final BitRange SEQ = new BitRange(32, 64);

  private BtreeNodeLayout() {}

  /** The btree's number in a node's flags. */
  public static int btree(long flags) {
    return ID_LO.getInt(flags) | ID_HI.getInt(flags) << ID_LO.bits();
  }

  /** A node's flags. */
  public static long flags(int btree, int level, int seq) {
    long flags = ID_LO.set(0, btree & ID_LO.max());
    flags = ID_HI.set(flags, btree >>> ID_LO.bits());
    flags = LEVEL.set(flags, level);
    flags = NEW_EXTENT_OVERWRITE.set(flags, 1);
    return SEQ.set(flags, Integer.toUnsignedLong(seq));
  }
}
