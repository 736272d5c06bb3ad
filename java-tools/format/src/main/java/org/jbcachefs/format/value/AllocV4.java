// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;

/**
 * The state of a bucket; the key is (device, bucket). Source: {@code struct bch_alloc_v4}.
 *
 * @param journalSeqNonempty when the bucket became non-empty
 * @param flags see the FLAG_ ranges
 * @param readTime in the read clock's sectors
 * @param writeTime in the write clock's sectors
 * @param journalSeqEmpty when the bucket became empty
 */
public record AllocV4(
    long journalSeqNonempty,
    int flags,
    int generation,
    int oldestGeneration,
    int dataType,
    int stripeRedundancyObsolete,
    int dirtySectors,
    int cachedSectors,
    long readTime,
    long writeTime,
    int stripeRefcount,
    int externalBackpointers,
    long journalSeqEmpty,
    int stripeSectors,
    int pad,
    Shape shape)
    implements Value {
  public static final int BYTES = 64;
  public static final int OFFSET_JOURNAL_SEQ_NONEMPTY = 0;
  public static final int OFFSET_FLAGS = 8;
  public static final int OFFSET_GENERATION = 12;
  public static final int OFFSET_OLDEST_GENERATION = 13;
  public static final int OFFSET_DATA_TYPE = 14;
  public static final int OFFSET_STRIPE_REDUNDANCY_OBSOLETE = 15;
  public static final int OFFSET_DIRTY_SECTORS = 16;
  public static final int OFFSET_CACHED_SECTORS = 20;
  public static final int OFFSET_READ_TIME = 24;
  public static final int OFFSET_WRITE_TIME = 32;
  public static final int OFFSET_STRIPE_REFCOUNT = 40;
  public static final int OFFSET_EXTERNAL_BACKPOINTERS = 44;
  public static final int OFFSET_JOURNAL_SEQ_EMPTY = 48;
  public static final int OFFSET_STRIPE_SECTORS = 56;
  public static final int OFFSET_PAD = 60;

  public static AllocV4 decode(Bkey key) {
    return new AllocV4(
        Shape.u64(key, OFFSET_JOURNAL_SEQ_NONEMPTY),
        Shape.u32(key, OFFSET_FLAGS),
        Shape.u8(key, OFFSET_GENERATION),
        Shape.u8(key, OFFSET_OLDEST_GENERATION),
        Shape.u8(key, OFFSET_DATA_TYPE),
        Shape.u8(key, OFFSET_STRIPE_REDUNDANCY_OBSOLETE),
        Shape.u32(key, OFFSET_DIRTY_SECTORS),
        Shape.u32(key, OFFSET_CACHED_SECTORS),
        Shape.u64(key, OFFSET_READ_TIME),
        Shape.u64(key, OFFSET_WRITE_TIME),
        Shape.u32(key, OFFSET_STRIPE_REFCOUNT),
        Shape.u32(key, OFFSET_EXTERNAL_BACKPOINTERS),
        Shape.u64(key, OFFSET_JOURNAL_SEQ_EMPTY),
        Shape.u32(key, OFFSET_STRIPE_SECTORS),
        Shape.u32(key, OFFSET_PAD),
        Shape.of(key));
  }

  /** Length of the first version of the structure. */
  public static final int BYTES_V0 = 48;

  public static final BitRange FLAG_NEED_DISCARD = new BitRange(0, 1);
  public static final BitRange FLAG_NEED_INC_GEN = new BitRange(1, 2);

  /** Where old backpointers began, in words; the structure's length today. */
  public static final BitRange FLAG_BACKPOINTERS_START = new BitRange(2, 8);

  public static final BitRange FLAG_NR_BACKPOINTERS = new BitRange(8, 14);

  /** The generation of the bucket under that cursor: allocation-free. */
  public static int generation(Bkey key) {
    return Shape.u8(key, OFFSET_GENERATION);
  }

  /** The data type of the bucket under that cursor: allocation-free. */
  public static int dataType(Bkey key) {
    return Shape.u8(key, OFFSET_DATA_TYPE);
  }

  /** Dirty sectors of the bucket under that cursor: allocation-free. */
  public static int dirtySectors(Bkey key) {
    return Shape.u32(key, OFFSET_DIRTY_SECTORS);
  }

  /** Cached sectors of the bucket under that cursor: allocation-free. */
  public static int cachedSectors(Bkey key) {
    return Shape.u32(key, OFFSET_CACHED_SECTORS);
  }

  /** Sectors of stripes in the bucket under that cursor: allocation-free. */
  public static int stripeSectors(Bkey key) {
    return Shape.u32(key, OFFSET_STRIPE_SECTORS);
  }

  /** Whether it is the state of a bucket, of any version. */
  public static boolean is(Bkey key) {
    return switch (KeyType.of(key.type())) {
      case ALLOC, ALLOC_V2, ALLOC_V3, ALLOC_V4 -> true;
      case null, default -> false;
    };
  }

  /** The state of a bucket from a key of any version. */
  public static AllocV4 of(Bkey key) {
    return key.type() == KeyType.ALLOC_V4.number() ? decode(key) : LegacyAlloc.decode(key).toV4();
  }

  public boolean needDiscard() {
    return FLAG_NEED_DISCARD.isSet(flags);
  }

  public boolean needIncGen() {
    return FLAG_NEED_INC_GEN.isSet(flags);
  }

  public int backpointersStart() {
    return FLAG_BACKPOINTERS_START.getInt(flags);
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU64(out, at, OFFSET_JOURNAL_SEQ_NONEMPTY, journalSeqNonempty);
    shape.putU32(out, at, OFFSET_FLAGS, flags);
    shape.putU8(out, at, OFFSET_GENERATION, generation);
    shape.putU8(out, at, OFFSET_OLDEST_GENERATION, oldestGeneration);
    shape.putU8(out, at, OFFSET_DATA_TYPE, dataType);
    shape.putU8(out, at, OFFSET_STRIPE_REDUNDANCY_OBSOLETE, stripeRedundancyObsolete);
    shape.putU32(out, at, OFFSET_DIRTY_SECTORS, dirtySectors);
    shape.putU32(out, at, OFFSET_CACHED_SECTORS, cachedSectors);
    shape.putU64(out, at, OFFSET_READ_TIME, readTime);
    shape.putU64(out, at, OFFSET_WRITE_TIME, writeTime);
    shape.putU32(out, at, OFFSET_STRIPE_REFCOUNT, stripeRefcount);
    shape.putU32(out, at, OFFSET_EXTERNAL_BACKPOINTERS, externalBackpointers);
    shape.putU64(out, at, OFFSET_JOURNAL_SEQ_EMPTY, journalSeqEmpty);
    shape.putU32(out, at, OFFSET_STRIPE_SECTORS, stripeSectors);
    shape.putU32(out, at, OFFSET_PAD, pad);
  }
}
