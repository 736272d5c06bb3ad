// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Varint;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * The state of a bucket as old kernels wrote it: version 1 with fixed-width fields that a bitmap
 * says are there, versions 2 and 3 with varints. Sources: {@code struct bch_alloc}, {@code
 * bch_alloc_v2}, {@code bch_alloc_v3}.
 *
 * @param journalSeq 0 before version 3
 * @param flags of version 3, else 0
 * @param stripe index of a stripe in the bucket, plus one
 */
public record LegacyAlloc(
    int version,
    long journalSeq,
    int flags,
    int generation,
    int oldestGeneration,
    int dataType,
    long readTime,
    long writeTime,
    int dirtySectors,
    int cachedSectors,
    int stripe,
    int stripeRedundancy,
    Shape shape)
    implements Value {
  public static final int V1_FIELDS = 0;
  public static final int V1_GEN = 1;
  public static final int V1_DATA = 2;
  public static final int V2_NR_FIELDS = 0;
  public static final int V2_GEN = 1;
  public static final int V2_OLDEST_GEN = 2;
  public static final int V2_DATA_TYPE = 3;
  public static final int V2_DATA = 4;
  public static final int V3_JOURNAL_SEQ = 0;
  public static final int V3_FLAGS = 8;
  public static final int V3_NR_FIELDS = 12;
  public static final int V3_GEN = 13;
  public static final int V3_OLDEST_GEN = 14;
  public static final int V3_DATA_TYPE = 15;
  public static final int V3_DATA = 16;
  public static final BitRange V3_NEED_DISCARD = new BitRange(0, 1);
  public static final BitRange V3_NEED_INC_GEN = new BitRange(1, 2);

  /** Widths in bytes of version 1's fields, in the order of their bits. */
  private static final int[] V1_WIDTHS = {2, 2, 1, 2, 2, 1, 4, 1};

  /** Widths in bits of the varints, in their order. */
  private static final int[] VARINT_BITS = {64, 64, 32, 32, 32, 8};

  /** Decodes a key of type alloc, alloc_v2 or alloc_v3. */
  public static LegacyAlloc decode(Bkey key) {
    if (key.type() == KeyType.ALLOC.number()) {
      return decodeV1(key);
    }
    boolean v3 = key.type() == KeyType.ALLOC_V3.number();
    long[] f =
        varints(
            key,
            v3 ? V3_DATA : V2_DATA,
            Shape.u8(key, v3 ? V3_NR_FIELDS : V2_NR_FIELDS),
            v3 ? "alloc_v3_unpack_error" : "alloc_v2_unpack_error");
    return new LegacyAlloc(
        v3 ? 3 : 2,
        v3 ? Shape.u64(key, V3_JOURNAL_SEQ) : 0,
        v3 ? Shape.u32(key, V3_FLAGS) : 0,
        Shape.u8(key, v3 ? V3_GEN : V2_GEN),
        Shape.u8(key, v3 ? V3_OLDEST_GEN : V2_OLDEST_GEN),
        Shape.u8(key, v3 ? V3_DATA_TYPE : V2_DATA_TYPE),
        f[0],
        f[1],
        (int) f[2],
        (int) f[3],
        (int) f[4],
        (int) f[5],
        Shape.of(key));
  }

  private static LegacyAlloc decodeV1(Bkey key) {
    int present = Shape.u8(key, V1_FIELDS);
    long[] f = new long[V1_WIDTHS.length];
    int at = V1_DATA;
    for (int i = 0; i < f.length; i++) {
      if ((present >>> i & 1) != 0) {
        if (at + V1_WIDTHS[i] > key.valueBytes()) {
          throw damaged("alloc_v1_val_size_bad", key);
        }
        for (int b = V1_WIDTHS[i] - 1; b >= 0; b--) {
          f[i] = f[i] << 8 | Shape.u8(key, at + b);
        }
        at += V1_WIDTHS[i];
      }
    }
    return new LegacyAlloc(
        1,
        0,
        0,
        Shape.u8(key, V1_GEN),
        (int) f[5],
        (int) f[2],
        f[0],
        f[1],
        (int) f[3],
        (int) f[4],
        (int) f[6],
        (int) f[7],
        Shape.of(key));
  }

  private static long[] varints(Bkey key, int start, int count, String error) {
    long[] fields = new long[VARINT_BITS.length];
    long end = key.valueOffset() + key.valueBytes();
    long at = key.valueOffset() + start;
    for (int i = 0; i < count && i < fields.length; i++) {
      int length = Varint.length(key.segment(), at, end);
      if (length < 0) {
        throw damaged(error, key);
      }
      fields[i] = Varint.value(key.segment(), at, length);
      if (VARINT_BITS[i] < 64 && fields[i] >>> VARINT_BITS[i] != 0) {
        throw damaged(error, key);
      }
      at += length;
    }
    return fields;
  }

  private static CorruptionException damaged(String error, Bkey key) {
    return new CorruptionException(
        error, Place.structure("btree alloc").at(key.pos()), "bucket state cannot be unpacked");
  }

  /** The same state as of today's version. */
  public AllocV4 toV4() {
    int newFlags = (int) AllocV4.FLAG_BACKPOINTERS_START.set(0, AllocV4.BYTES / Long.BYTES);
    return new AllocV4(
        journalSeq,
        (int) AllocV4.FLAG_NEED_DISCARD.set(newFlags, needDiscard() ? 1 : 0),
        generation,
        oldestGeneration,
        dataType,
        0,
        dirtySectors,
        cachedSectors,
        readTime,
        writeTime,
        stripe != 0 ? 1 : 0,
        0,
        0,
        0,
        0,
        Shape.of(AllocV4.BYTES));
  }

  public boolean needDiscard() {
    return V3_NEED_DISCARD.isSet(flags);
  }

  public boolean needIncGen() {
    return V3_NEED_INC_GEN.isSet(flags);
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  /** Writes the bytes that were read: these versions are never changed, only read. */
  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
  }
}
