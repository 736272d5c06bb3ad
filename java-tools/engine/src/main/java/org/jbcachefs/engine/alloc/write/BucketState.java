// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;

/** A bucket's state while a commit changes it. Belongs to one thread. */
final class BucketState {
  /** A bucket whose generation is that much ahead of its oldest pointer's must not be used. */
  static final int GENERATIONS_MOST = 96;

  long seqNonempty;
  long seqEmpty;
  boolean needDiscard;
  boolean needIncGen;
  int generation;
  int oldestGeneration;
  int dataType;
  int dirtySectors;
  int cachedSectors;
  int stripeSectors;
  int stripeRefcount;
  long readTime;
  long writeTime;

  /** The state that a bucket without a key has. */
  static BucketState unused() {
    return new BucketState();
  }

  static BucketState of(Bkey key) {
    AllocV4 stored = AllocV4.of(key);
    BucketState state = new BucketState();
    state.seqNonempty = stored.journalSeqNonempty();
    state.seqEmpty = stored.journalSeqEmpty();
    state.needDiscard = stored.needDiscard();
    state.needIncGen = stored.needIncGen();
    state.generation = stored.generation();
    state.oldestGeneration = stored.oldestGeneration();
    state.dataType = stored.dataType();
    state.dirtySectors = stored.dirtySectors();
    state.cachedSectors = stored.cachedSectors();
    state.stripeSectors = stored.stripeSectors();
    state.stripeRefcount = stored.stripeRefcount();
    state.readTime = stored.readTime();
    state.writeTime = stored.writeTime();
    return state;
  }

  BucketState copy() {
    BucketState state = new BucketState();
    state.seqNonempty = seqNonempty;
    state.seqEmpty = seqEmpty;
    state.needDiscard = needDiscard;
    state.needIncGen = needIncGen;
    state.generation = generation;
    state.oldestGeneration = oldestGeneration;
    state.dataType = dataType;
    state.dirtySectors = dirtySectors;
    state.cachedSectors = cachedSectors;
    state.stripeSectors = stripeSectors;
    state.stripeRefcount = stripeRefcount;
    state.readTime = readTime;
    state.writeTime = writeTime;
    return state;
  }

  boolean sameAs(BucketState other) {
    return seqNonempty == other.seqNonempty
        && seqEmpty == other.seqEmpty
        && needDiscard == other.needDiscard
        && needIncGen == other.needIncGen
        && generation == other.generation
        && oldestGeneration == other.oldestGeneration
        && dataType == other.dataType
        && dirtySectors == other.dirtySectors
        && cachedSectors == other.cachedSectors
        && stripeSectors == other.stripeSectors
        && stripeRefcount == other.stripeRefcount
        && readTime == other.readTime
        && writeTime == other.writeTime;
  }

  Bkey toKey(int device, long bucket) {
    MemorySegment value = MemorySegment.ofArray(new long[AllocV4.BYTES / Long.BYTES]);
    long flags = AllocV4.FLAG_NEED_DISCARD.set(0, needDiscard ? 1 : 0);
    flags = AllocV4.FLAG_NEED_INC_GEN.set(flags, needIncGen ? 1 : 0);
    flags = AllocV4.FLAG_BACKPOINTERS_START.set(flags, AllocV4.BYTES / Long.BYTES);
    Le.putU64(value, AllocV4.OFFSET_JOURNAL_SEQ_NONEMPTY, seqNonempty);
    Le.putU32(value, AllocV4.OFFSET_FLAGS, (int) flags);
    Le.putU8(value, AllocV4.OFFSET_GENERATION, generation);
    Le.putU8(value, AllocV4.OFFSET_OLDEST_GENERATION, oldestGeneration);
    Le.putU8(value, AllocV4.OFFSET_DATA_TYPE, dataType);
    Le.putU32(value, AllocV4.OFFSET_DIRTY_SECTORS, dirtySectors);
    Le.putU32(value, AllocV4.OFFSET_CACHED_SECTORS, cachedSectors);
    Le.putU64(value, AllocV4.OFFSET_READ_TIME, readTime);
    Le.putU64(value, AllocV4.OFFSET_WRITE_TIME, writeTime);
    Le.putU32(value, AllocV4.OFFSET_STRIPE_REFCOUNT, stripeRefcount);
    Le.putU64(value, AllocV4.OFFSET_JOURNAL_SEQ_EMPTY, seqEmpty);
    Le.putU32(value, AllocV4.OFFSET_STRIPE_SECTORS, stripeSectors);
    Bkey key = new Bkey().setPos(device, bucket, 0).setType(KeyType.ALLOC_V4.number());
    return key.setValue(value, 0, AllocV4.BYTES);
  }

  boolean isEmpty() {
    return dataType == DataType.FREE.number()
        || dataType == DataType.NEED_GC_GENS.number()
        || dataType == DataType.NEED_DISCARD.number();
  }

  boolean is(DataType type) {
    return dataType == type.number();
  }

  long sectorsTotal() {
    return (long) stripeSectors + dirtySectors + cachedSectors;
  }

  long sectorsDirty() {
    return (long) stripeSectors + dirtySectors;
  }

  /** Sectors that count as live. */
  long sectors() {
    return is(DataType.CACHED) ? cachedSectors : sectorsDirty();
  }

  long sectorsFragmented(int bucketSectors) {
    long sectors = sectors();
    if (sectors != 0) {
      return Math.max(0, bucketSectors - sectors);
    }
    return isEmpty() ? 0 : bucketSectors;
  }

  int generationsAhead() {
    return (generation - oldestGeneration) & 0xff;
  }

  /** Derives the data type from what is in the bucket; the given one decides between likes. */
  void deriveDataType(int hint) {
    if (stripeRefcount != 0) {
      dataType = hint == DataType.PARITY.number() ? hint : DataType.STRIPE.number();
    } else if (sectorsDirty() != 0) {
      boolean user = hint == DataType.CACHED.number() || hint == DataType.STRIPE.number();
      dataType = user ? DataType.USER.number() : hint;
    } else if (cachedSectors != 0) {
      dataType = DataType.CACHED.number();
    } else if (hint == DataType.NEED_DISCARD.number()) {
      dataType = hint;
    } else {
      dataType =
          generationsAhead() >= GENERATIONS_MOST
              ? DataType.NEED_GC_GENS.number()
              : DataType.FREE.number();
    }
  }
}
