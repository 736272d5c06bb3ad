// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;

/**
 * The state of a bucket, read from an alloc key of any version. Reusable; allocates nothing for
 * keys of today's version. Belongs to one thread.
 */
final class AllocState {
  /** A generation that is this far ahead of the oldest one must wait. */
  private static final int GC_GEN_MAX = 96;

  private static final int GENERATION_SHIFT = 4;
  private static final int FREESPACE_SHIFT = 56;

  int generation;
  int oldestGeneration;
  int type;
  int flags;
  int stripes;
  long dirty;
  long cached;
  long striped;
  long readTime;
  long seqNonempty;
  long seqEmpty;

  /** The state of a bucket that has no key. */
  AllocState clear() {
    generation = 0;
    oldestGeneration = 0;
    type = DataType.FREE.number();
    flags = 0;
    stripes = 0;
    dirty = 0;
    cached = 0;
    striped = 0;
    readTime = 0;
    seqNonempty = 0;
    seqEmpty = 0;
    return this;
  }

  /** Reads a key; false, and the state of a free bucket, if it is no alloc key. */
  boolean read(Bkey key) {
    KeyType keyType = KeyType.of(key.type());
    switch (keyType) {
      case ALLOC_V4 -> readV4(key);
      case ALLOC, ALLOC_V2, ALLOC_V3 -> read(AllocV4.of(key));
      case null, default -> {
        clear();
        return false;
      }
    }
    return true;
  }

  private void readV4(Bkey key) {
    long at = key.valueOffset();
    seqNonempty = Le.u64(key.segment(), at + AllocV4.OFFSET_JOURNAL_SEQ_NONEMPTY);
    flags = Le.u32(key.segment(), at + AllocV4.OFFSET_FLAGS);
    generation = Le.u8(key.segment(), at + AllocV4.OFFSET_GENERATION);
    oldestGeneration = Le.u8(key.segment(), at + AllocV4.OFFSET_OLDEST_GENERATION);
    type = Le.u8(key.segment(), at + AllocV4.OFFSET_DATA_TYPE);
    dirty = Integer.toUnsignedLong(Le.u32(key.segment(), at + AllocV4.OFFSET_DIRTY_SECTORS));
    cached = Integer.toUnsignedLong(Le.u32(key.segment(), at + AllocV4.OFFSET_CACHED_SECTORS));
    readTime = Le.u64(key.segment(), at + AllocV4.OFFSET_READ_TIME);
    stripes = Le.u32(key.segment(), at + AllocV4.OFFSET_STRIPE_REFCOUNT);
    // What lies behind may be backpointers of an old version.
    int start = AllocV4.FLAG_BACKPOINTERS_START.getInt(flags) * Long.BYTES;
    int end = Math.min(start, key.valueBytes());
    seqEmpty =
        end >= AllocV4.OFFSET_STRIPE_SECTORS
            ? Le.u64(key.segment(), at + AllocV4.OFFSET_JOURNAL_SEQ_EMPTY)
            : 0;
    striped =
        end >= AllocV4.OFFSET_PAD
            ? Integer.toUnsignedLong(Le.u32(key.segment(), at + AllocV4.OFFSET_STRIPE_SECTORS))
            : 0;
  }

  private void read(AllocV4 alloc) {
    seqNonempty = alloc.journalSeqNonempty();
    flags = alloc.flags();
    generation = alloc.generation();
    oldestGeneration = alloc.oldestGeneration();
    type = alloc.dataType();
    dirty = Integer.toUnsignedLong(alloc.dirtySectors());
    cached = Integer.toUnsignedLong(alloc.cachedSectors());
    readTime = alloc.readTime();
    stripes = alloc.stripeRefcount();
    seqEmpty = alloc.journalSeqEmpty();
    striped = Integer.toUnsignedLong(alloc.stripeSectors());
  }

  DataType dataType() {
    return DataType.of(type);
  }

  boolean is(DataType wanted) {
    return type == wanted.number();
  }

  boolean needDiscard() {
    return AllocV4.FLAG_NEED_DISCARD.isSet(flags);
  }

  /** How far the generation is ahead of the oldest one that a pointer may have. */
  int age() {
    return (generation - oldestGeneration) & 0xff;
  }

  /** What an empty bucket's type is, if it need not be discarded. */
  DataType emptyType() {
    DataType own = dataType();
    if (own == DataType.NEED_DISCARD) {
      return own;
    }
    return age() >= GC_GEN_MAX ? DataType.NEED_GC_GENS : DataType.FREE;
  }

  /** The bits that the bucket's place in the freespace btree has besides its number. */
  long freespaceBits() {
    return (long) (age() >>> GENERATION_SHIFT) << FREESPACE_SHIFT;
  }

  /** Live sectors as the device's counters have them. */
  long sectors() {
    return is(DataType.CACHED) ? cached : dirty + striped;
  }

  /** Sectors of the bucket that are not live, as the device's counters have them. */
  long fragmented(int bucketSectors) {
    long live = sectors();
    if (live != 0) {
      return Math.max(0, bucketSectors - live);
    }
    DataType own = dataType();
    return own == null || own.isEmpty() ? 0 : bucketSectors;
  }
}
