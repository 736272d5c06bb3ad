// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import org.jbcachefs.format.bytes.BitRange;

/**
 * One word of options for background work, as versions before reconcile (1.33) wrote it. Source:
 * {@code struct bch_extent_rebalance_v1}.
 */
public final class ExtentRebalanceV1 {
  public static final int BYTES = 8;
  public static final BitRange TYPE = new BitRange(0, 6);
  public static final BitRange UNUSED = new BitRange(6, 9);
  public static final BitRange PROMOTE_TARGET_FROM_INODE = new BitRange(9, 10);
  public static final BitRange ERASURE_CODE_FROM_INODE = new BitRange(10, 11);
  public static final BitRange DATA_CHECKSUM_FROM_INODE = new BitRange(11, 12);
  public static final BitRange BACKGROUND_COMPRESSION_FROM_INODE = new BitRange(12, 13);
  public static final BitRange DATA_REPLICAS_FROM_INODE = new BitRange(13, 14);
  public static final BitRange BACKGROUND_TARGET_FROM_INODE = new BitRange(14, 15);
  public static final BitRange PROMOTE_TARGET = new BitRange(15, 31);
  public static final BitRange ERASURE_CODE = new BitRange(31, 32);
  public static final BitRange DATA_CHECKSUM = new BitRange(32, 36);
  public static final BitRange DATA_REPLICAS = new BitRange(36, 40);
  public static final BitRange BACKGROUND_COMPRESSION = new BitRange(40, 48);
  public static final BitRange BACKGROUND_TARGET = new BitRange(48, 64);

  private ExtentRebalanceV1() {}
}
