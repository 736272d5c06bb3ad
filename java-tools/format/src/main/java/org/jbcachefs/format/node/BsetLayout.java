// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import org.jbcachefs.format.bytes.BitRange;

/**
 * Where things are in a bset: a header of 24 bytes, then keys in ascending order, {@code u64s}
 * words of them. Source: {@code struct bset}.
 */
public final class BsetLayout {
  public static final int OFFSET_SEQ = 0;
  public static final int OFFSET_JOURNAL_SEQ = 8;
  public static final int OFFSET_FLAGS = 16;
  public static final int OFFSET_VERSION = 20;
  public static final int OFFSET_U64S = 22;

  /** Bytes of the header; the keys follow. */
  public static final int BYTES = 24;

  /** In flags (u32): which checksum, and with it whether the keys are encrypted. */
  public static final BitRange CSUM_TYPE = new BitRange(0, 4);

  /** In flags (u32): the writer was big-endian. */
  public static final BitRange BIG_ENDIAN = new BitRange(4, 5);

  /** In flags (u32): of versions long gone; refused. */
  public static final BitRange SEPARATE_WHITEOUTS = new BitRange(5, 6);

  /** In flags (u32): the bset's own sector within the node; 0 also where it was not recorded. */
  public static final BitRange OFFSET = new BitRange(16, 32);

  private BsetLayout() {}
}
