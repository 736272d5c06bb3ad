// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/**
 * One word of options that background work (reconcile) is to bring the extent in line with, and
 * what of them is still to be done. Source: {@code struct bch_extent_reconcile}.
 */
public final class ExtentReconcile {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 8);
  public static final BitRange UNUSED = new BitRange(8, 10);

  /** One bit for each pointer that is to be moved. */
  public static final BitRange PTRS_MOVING = new BitRange(10, 15);

  public static final BitRange HIPRI = new BitRange(15, 16);
  public static final BitRange PENDING = new BitRange(16, 17);

  /** One bit for each option that the extent does not obey yet. */
  public static final BitRange NEED_RB = new BitRange(17, 22);

  public static final BitRange DATA_REPLICAS_FROM_INODE = new BitRange(22, 23);
  public static final BitRange DATA_CHECKSUM_FROM_INODE = new BitRange(23, 24);
  public static final BitRange ERASURE_CODE_FROM_INODE = new BitRange(24, 25);
  public static final BitRange BACKGROUND_COMPRESSION_FROM_INODE = new BitRange(25, 26);
  public static final BitRange BACKGROUND_TARGET_FROM_INODE = new BitRange(26, 27);
  public static final BitRange PROMOTE_TARGET_FROM_INODE = new BitRange(27, 28);
  public static final BitRange DATA_REPLICAS = new BitRange(28, 31);
  public static final BitRange DATA_CHECKSUM = new BitRange(31, 35);
  public static final BitRange ERASURE_CODE = new BitRange(35, 36);
  public static final BitRange BACKGROUND_COMPRESSION = new BitRange(36, 44);
  public static final BitRange BACKGROUND_TARGET = new BitRange(44, 54);
  public static final BitRange PROMOTE_TARGET = new BitRange(54, 64);

  /** Nothing is to be done. */
  public static final int WORK_NONE = 0;

  /** To be done before other work. */
  public static final int WORK_HIPRI = 1;

  public static final int WORK_NORMAL = 2;

  /** Could not be done so far, and waits for more devices or room. */
  public static final int WORK_PENDING = 3;

  private ExtentReconcile() {}

  /** Which list of work an extent with that word is on. Source: {@code rb_work_id}. */
  public static int work(long word) {
    if (NEED_RB.get(word) == 0) {
      return WORK_NONE;
    }
    if (PENDING.isSet(word)) {
      return WORK_PENDING;
    }
    return HIPRI.isSet(word) ? WORK_HIPRI : WORK_NORMAL;
  }
}
