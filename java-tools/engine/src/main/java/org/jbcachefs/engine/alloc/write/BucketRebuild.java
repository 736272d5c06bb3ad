// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.tables.DataType;

/**
 * What the state of a bucket has to be by what points to it, and where the indexes have it then.
 * Reusable; belongs to one thread.
 *
 * <p>What pointers cannot tell (generation, times, whether it waits for a discard) is taken from
 * the key that is there.
 */
public final class BucketRebuild {
  private final BucketGeometry geometry;
  private final long newestSeq;
  private final long readTime;
  private final long writeTime;

  private int device;
  private long bucket;
  private BucketState found;
  private BucketState wanted;
  private boolean known;

  /**
   * @param newestSeq the newest journal sequence number there is
   * @param readTime of the clock of reads
   * @param writeTime of the clock of writes
   */
  public BucketRebuild(BucketGeometry geometry, long newestSeq, long readTime, long writeTime) {
    this.geometry = geometry;
    this.newestSeq = newestSeq;
    this.readTime = readTime;
    this.writeTime = writeTime;
  }

  /**
   * What points to a bucket.
   *
   * @param dirty sectors of data or nodes, superblocks and journal included
   * @param cached sectors of cached copies
   * @param striped sectors of data in stripes
   * @param stripes how many stripes have a block there
   * @param type number of the data type that follows; of no meaning if nothing points there
   * @param generation that the bucket must have at least by what points there; -1 if nothing says
   */
  public record Contents(
      long dirty, long cached, long striped, int stripes, int type, int generation) {
    /** Whether nothing does. */
    public boolean isEmpty() {
      return dirty == 0 && cached == 0 && striped == 0 && stripes == 0;
    }
  }

  /**
   * Begins with a bucket.
   *
   * @param key its alloc key; null if it has none
   */
  public BucketRebuild of(int newDevice, long newBucket, Bkey key, Contents contents) {
    device = newDevice;
    bucket = newBucket;
    known = key != null;
    found = known ? BucketState.of(key) : BucketState.unused();
    wanted = found.copy();
    generation(contents.generation);
    boolean wasEmpty = found.isEmpty();
    boolean wasFixed = found.is(DataType.SB) || found.is(DataType.JOURNAL);
    wanted.dirtySectors = (int) contents.dirty;
    wanted.cachedSectors = (int) contents.cached;
    wanted.stripeSectors = (int) contents.striped;
    wanted.stripeRefcount = contents.stripes;
    if (contents.isEmpty()) {
      empty(wasEmpty, wasFixed);
    } else {
      wanted.dataType = contents.type;
      boolean fixed = wanted.is(DataType.SB) || wanted.is(DataType.JOURNAL);
      if (wasEmpty && !fixed) {
        wanted.readTime = readTime;
        wanted.writeTime = writeTime;
        wanted.needIncGen = true;
        wanted.needDiscard = true;
      }
    }
    if (wanted.is(DataType.CACHED) && wanted.readTime == 0) {
      wanted.readTime = Math.max(1, readTime);
    }
    wanted.seqNonempty = notInFuture(wanted.seqNonempty);
    wanted.seqEmpty = notInFuture(wanted.seqEmpty);
    return this;
  }

  private void generation(int atLeast) {
    if (atLeast < 0) {
      return;
    }
    if (!known) {
      wanted.generation = atLeast;
      wanted.oldestGeneration = atLeast;
    } else if ((byte) (atLeast - found.generation) > 0) {
      wanted.generation = atLeast;
    }
  }

  private void empty(boolean wasEmpty, boolean wasFixed) {
    if (wasEmpty || wasFixed) {
      int hint = found.is(DataType.NEED_DISCARD) ? found.dataType : DataType.FREE.number();
      wanted.deriveDataType(hint);
    } else {
      // Nothing points there any more: as if it had been emptied just now.
      wanted.dataType = DataType.NEED_DISCARD.number();
      wanted.seqEmpty = newestSeq;
      wanted.needDiscard = true;
    }
    if (wanted.is(DataType.FREE)) {
      wanted.needDiscard = false;
      wanted.seqNonempty = 0;
      wanted.seqEmpty = 0;
    }
  }

  private long notInFuture(long seq) {
    return Long.compareUnsigned(seq, newestSeq) > 0 ? newestSeq : seq;
  }

  /** Leaves the bucket as it is: only whoever has its device knows what is in it. */
  public BucketRebuild leave(int newDevice, long newBucket, Bkey key) {
    device = newDevice;
    bucket = newBucket;
    known = key != null;
    found = known ? BucketState.of(key) : BucketState.unused();
    wanted = found.copy();
    return this;
  }

  /** Leaves the bucket as it is, but for its generation; it counts as used. */
  public BucketRebuild regenerate(int newDevice, long newBucket, Bkey key, int generation) {
    leave(newDevice, newBucket, key);
    wanted.generation = generation;
    wanted.oldestGeneration = generation;
    return this;
  }

  /** Whether the alloc key has to be written anew. */
  public boolean differs() {
    return !wanted.sameAs(found);
  }

  /** The alloc key that it must have. */
  public Bkey key() {
    return wanted.toKey(device, bucket);
  }

  /** Number of its data type. */
  public int dataType() {
    return wanted.dataType;
  }

  /** Whether it is free, and its key says so. */
  public boolean isFree() {
    return wanted.is(DataType.FREE);
  }

  /** Whether its key is as it must be. */
  public boolean isFreeAsSaid() {
    return isFree() && found.is(DataType.FREE);
  }

  public int generation() {
    return wanted.generation;
  }

  /** Sectors that count as live, for counters by device. */
  public long sectors() {
    return wanted.sectors();
  }

  /** Sectors that do not, in a bucket that is used. */
  public long fragmented() {
    return wanted.sectorsFragmented(geometry.bucketSectors(device));
  }

  /** Sectors of data in a bucket of a stripe that do not belong to the stripe. */
  public long unstriped() {
    return wanted.is(DataType.STRIPE) ? wanted.dirtySectors : 0;
  }

  /** Upper bits of its place in the freespace btree. */
  public int freespaceBits() {
    return wanted.generationsAhead() >> 4;
  }

  /** Its place in the need_discard btree; null if it has none. */
  public Bpos needDiscard() {
    return BucketIndexes.needDiscard(device, bucket, wanted);
  }

  /** Its place in the list of cached buckets; null if it has none. */
  public Bpos read() {
    return BucketIndexes.read(device, bucket, wanted);
  }

  /** Its place in the list of fragmented buckets; null if it has none. */
  public Bpos fragmentedPlace() {
    return BucketIndexes.fragmented(device, bucket, wanted, geometry);
  }
}
