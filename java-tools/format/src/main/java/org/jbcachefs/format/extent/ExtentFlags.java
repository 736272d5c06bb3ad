// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/** One word of flags, the first entry if present. Source: {@code struct bch_extent_flags}. */
public final class ExtentFlags {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 7);
  public static final BitRange FLAGS = new BitRange(7, 64);

  /** In the flags: the data was found damaged when it was moved; reading it is an error. */
  public static final long POISONED = 1;

  private ExtentFlags() {}

  public static long pack(long flags) {
    return FLAGS.set(ExtentEntryType.FLAGS.typeBit(), flags);
  }

  public static long flags(long word) {
    return FLAGS.get(word);
  }

  public static boolean poisoned(long word) {
    return (flags(word) & POISONED) != 0;
  }
}
