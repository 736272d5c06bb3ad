// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * A cursor on a stripe's value. Reusable, allocates nothing, belongs to one thread. Source: {@code
 * struct bch_stripe} and the functions that find its variable parts.
 *
 * <pre>
 *    0  sectors                u16  size of each block
 *    2  algorithm:4, needs_reconcile:1, can_widen:3
 *    3  nr_blocks              u8   data and parity
 *    4  nr_redundant           u8   parity blocks, the last ones
 *    5  csum_granularity_bits  u8   a checksum covers 2^bits sectors
 *    6  csum_type              u8
 *    7  disk_label             u8
 *    8  ptrs        nr_blocks pointers of 8 bytes
 *       checksums   nr_blocks rows of ceil(sectors / 2^bits) checksums of the type's size, not aligned
 *       counts      nr_blocks u16: live sectors of each block
 * </pre>
 */
public final class StripeValue {
  public static final int OFFSET_SECTORS = 0;
  public static final int OFFSET_FLAGS = 2;
  public static final int OFFSET_NR_BLOCKS = 3;
  public static final int OFFSET_NR_REDUNDANT = 4;
  public static final int OFFSET_CSUM_GRANULARITY_BITS = 5;
  public static final int OFFSET_CSUM_TYPE = 6;
  public static final int OFFSET_DISK_LABEL = 7;
  public static final int OFFSET_PTRS = 8;
  public static final BitRange ALGORITHM = new BitRange(0, 4);
  public static final BitRange NEEDS_RECONCILE = new BitRange(4, 5);
  public static final BitRange CAN_WIDEN = new BitRange(5, 8);

  /** Two parity blocks are the most that anyone writes. */
  public static final int MAX_REDUNDANT = 2;

  private static final int COUNT_BYTES = 2;
  private static final int GRANULARITY_BITS_LIMIT = 64;

  private MemorySegment segment = MemorySegment.NULL;
  private long at;
  private int sectors;
  private int blocks;
  private int redundant;
  private int granularityBits;
  private ChecksumType checksumType;

  /**
   * Begins reading that stripe key's value, where it lies.
   *
   * @throws CorruptionException if it contradicts itself or is too short for what it says
   */
  public StripeValue of(Bkey key) {
    segment = key.segment();
    at = key.valueOffset();
    require(key, key.valueBytes() >= OFFSET_PTRS, "stripe_val_size_bad", "value too short");
    sectors = Le.u16(segment, at + OFFSET_SECTORS);
    blocks = Le.u8(segment, at + OFFSET_NR_BLOCKS);
    redundant = Le.u8(segment, at + OFFSET_NR_REDUNDANT);
    granularityBits = Le.u8(segment, at + OFFSET_CSUM_GRANULARITY_BITS);
    checksumType = ChecksumType.of(Le.u8(segment, at + OFFSET_CSUM_TYPE));
    require(key, sectors != 0, "stripe_sectors_zero", "blocks of no sectors");
    require(
        key,
        granularityBits < GRANULARITY_BITS_LIMIT,
        "stripe_csum_granularity_bad",
        "checksum granularity of 2^" + granularityBits + " sectors");
    require(
        key,
        checksumType != null && !checksumType.isMac(),
        "stripe_csum_type_bad",
        "checksum type " + Le.u8(segment, at + OFFSET_CSUM_TYPE));
    require(
        key,
        blocks <= ExtentEntries.MAX_PTRS && redundant <= MAX_REDUNDANT && redundant < blocks,
        "stripe_val_size_bad",
        blocks + " blocks, " + redundant + " of them redundant");
    require(
        key,
        key.valueBytes() >= countOffset(blocks) - at,
        "stripe_val_size_bad",
        "value of " + key.valueBytes() + " bytes is too short");
    return this;
  }

  private static void require(Bkey key, boolean holds, String error, String what) {
    if (!holds) {
      Place place = Place.structure("stripe").at(key.pos());
      throw new CorruptionException(error, place, what);
    }
  }

  /** Size of each block. */
  public int sectors() {
    return sectors;
  }

  /** Data and parity blocks together. */
  public int blocks() {
    return blocks;
  }

  /** Parity blocks, the last ones: first P, then Q. */
  public int redundant() {
    return redundant;
  }

  public int dataBlocks() {
    return blocks - redundant;
  }

  public int algorithm() {
    return ALGORITHM.getInt(Le.u8(segment, at + OFFSET_FLAGS));
  }

  public boolean needsReconcile() {
    return NEEDS_RECONCILE.isSet(Le.u8(segment, at + OFFSET_FLAGS));
  }

  public int canWiden() {
    return CAN_WIDEN.getInt(Le.u8(segment, at + OFFSET_FLAGS));
  }

  public int granularityBits() {
    return granularityBits;
  }

  /**
   * Sectors that one checksum covers; the last one of a block may cover fewer. The whole block if
   * there are no checksums.
   */
  public int granularity() {
    return checksumType == ChecksumType.NONE
        ? sectors
        : (int) Math.min(sectors, 1L << Math.min(granularityBits, Short.SIZE));
  }

  public ChecksumType checksumType() {
    return checksumType;
  }

  /** Index + 1 of the label in the disk groups section; 0 for none. */
  public int diskLabel() {
    return Le.u8(segment, at + OFFSET_DISK_LABEL);
  }

  /** The pointer to a block, to be taken apart with {@link ExtentPtr}. */
  public long ptr(int block) {
    return Le.u64(segment, at + OFFSET_PTRS + (long) block * ExtentPtr.BYTES);
  }

  public int checksumsPerBlock() {
    return Math.ceilDiv(sectors, granularity());
  }

  /** The stored checksum of one piece of a block; the second word is always 0. */
  public long checksum(int block, int piece) {
    int bytes = checksumType.storedBytes();
    long from = checksumOffset(block, piece);
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = (value << Byte.SIZE) | Le.u8(segment, from + i);
    }
    return value;
  }

  /** Live sectors in a block. */
  public int blockSectors(int block) {
    return Le.u16(segment, countOffset(block));
  }

  /** Where in the value the count of live sectors of a block lies, a u16. */
  public long countAt(int block) {
    return countOffset(block) - at;
  }

  private long checksumOffset(int block, int piece) {
    return at
        + OFFSET_PTRS
        + (long) blocks * ExtentPtr.BYTES
        + ((long) block * checksumsPerBlock() + piece) * checksumType.storedBytes();
  }

  private long countOffset(int block) {
    return checksumOffset(blocks, 0) + (long) block * COUNT_BYTES;
  }

  /** Bytes of the whole value, a multiple of 8. */
  public int valueBytes() {
    return (int) (Math.ceilDiv(countOffset(blocks) - at, Long.BYTES) * Long.BYTES);
  }

  /**
   * Whether a data pointer lies in that block: same device (or one of them gone), same generation,
   * within the block.
   */
  public boolean matches(int block, int dev, int gen, long sector) {
    if (block >= dataBlocks()) {
      return false;
    }
    long own = ptr(block);
    int ownDev = ExtentPtr.dev(own);
    boolean sameDevice =
        dev == ownDev || dev == ExtentPtr.NO_DEVICE || ownDev == ExtentPtr.NO_DEVICE;
    long offset = sector - ExtentPtr.sector(own);
    return sameDevice && gen == ExtentPtr.gen(own) && offset >= 0 && offset < sectors;
  }
}
