// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/** One word that points to sectors of a device. Source: {@code struct bch_extent_ptr}. */
public final class ExtentPtr {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 1);
  public static final BitRange CACHED = new BitRange(1, 2);
  public static final BitRange UNUSED = new BitRange(2, 3);
  public static final BitRange UNWRITTEN = new BitRange(3, 4);
  public static final BitRange OFFSET = new BitRange(4, 48);
  public static final BitRange DEV = new BitRange(48, 56);
  public static final BitRange GEN = new BitRange(56, 64);

  /** Stands for a device that is gone. Source: {@code BCH_SB_MEMBER_INVALID}. */
  public static final int NO_DEVICE = 255;

  private ExtentPtr() {}

  public static long pack(int dev, long sector, int gen, boolean cached, boolean unwritten) {
    long word = ExtentEntryType.PTR.typeBit();
    word = CACHED.set(word, cached ? 1 : 0);
    word = UNWRITTEN.set(word, unwritten ? 1 : 0);
    word = OFFSET.set(word, sector);
    return GEN.set(DEV.set(word, dev), gen);
  }

  public static boolean cached(long word) {
    return CACHED.isSet(word);
  }

  /** Reserved but never written: reads as zeros. */
  public static boolean unwritten(long word) {
    return UNWRITTEN.isSet(word);
  }

  /** First sector on the device. */
  public static long sector(long word) {
    return OFFSET.get(word);
  }

  public static int dev(long word) {
    return DEV.getInt(word);
  }

  /** Generation of the bucket when it was written; a newer bucket makes the pointer stale. */
  public static int gen(long word) {
    return GEN.getInt(word);
  }

  /** How much newer the bucket is than the pointer; above 0: stale. Generations wrap at 256. */
  public static int staleness(int bucketGen, int ptrGen) {
    return (byte) (bucketGen - ptrGen);
  }
}
