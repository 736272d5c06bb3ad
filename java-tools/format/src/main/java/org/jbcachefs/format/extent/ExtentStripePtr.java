// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/**
 * One word that says that the next pointer's sectors are part of a stripe. Source: {@code struct
 * bch_extent_stripe_ptr}.
 */
public final class ExtentStripePtr {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 5);
  public static final BitRange BLOCK = new BitRange(5, 13);
  public static final BitRange REDUNDANCY = new BitRange(13, 17);
  public static final BitRange IDX = new BitRange(17, 64);

  private ExtentStripePtr() {}

  public static long pack(long idx, int block, int redundancy) {
    long word = ExtentEntryType.STRIPE_PTR.typeBit();
    return IDX.set(REDUNDANCY.set(BLOCK.set(word, block), redundancy), idx);
  }

  /** Which of the stripe's blocks. */
  public static int block(long word) {
    return BLOCK.getInt(word);
  }

  /** How many blocks of the stripe may be lost. */
  public static int redundancy(long word) {
    return REDUNDANCY.getInt(word);
  }

  /** The stripe's position in the stripes btree. */
  public static long idx(long word) {
    return IDX.get(word);
  }
}
