// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.BucketGens;

/**
 * The btrees that find buckets by their state: freespace, need_discard, the LRUs, and the
 * generations. What belongs there follows from the state alone; a change of state is a change of
 * these keys.
 */
final class BucketIndexes {
  private static final int LRU_TIME_BITS = 48;
  private static final long LRU_TIME_MASK = (1L << LRU_TIME_BITS) - 1;
  private static final int GENERATION_BITS_SHIFT = 56;
  private static final int FREESPACE = BtreeId.FREESPACE.number();
  private static final MemorySegment NO_VALUE = MemorySegment.ofArray(new long[0]);

  private final BucketGeometry geometry;
  private final Bkey scratch = new Bkey();

  BucketIndexes(BucketGeometry geometry) {
    this.geometry = geometry;
  }

  void update(BucketChanges.Change change, KeyAccess keys) {
    BucketState old = change.before;
    BucketState now = change.after;
    freespace(keys, freespace(change, old), freespace(change, now));
    move(keys, BtreeId.NEED_DISCARD, needDiscard(change, old), needDiscard(change, now));
    move(keys, BtreeId.LRU, read(change, old), read(change, now));
    move(keys, BtreeId.LRU, fragmented(change, old), fragmented(change, now));
    if (old.generation != now.generation) {
      generation(change, keys);
    }
  }

  /** Freespace keys are ranges of buckets: one that leaves may be in the middle of one. */
  private void freespace(KeyAccess keys, Bpos old, Bpos now) {
    if (Objects.equals(old, now)) {
      return;
    }
    if (old != null && keys.firstFrom(FREESPACE, old, scratch)) {
      Bpos end = scratch.pos();
      long start = scratch.start();
      long bucket = old.offset() - 1;
      boolean covers = end.inode() == old.inode() && Long.compareUnsigned(start, bucket) <= 0;
      if (covers && start < bucket) {
        range(keys, old.inode(), start, bucket);
      }
      if (covers && end.offset() == old.offset()) {
        keys.delete(FREESPACE, end);
      } else if (covers) {
        range(keys, old.inode(), old.offset(), end.offset());
      }
    }
    if (now != null) {
      joined(keys, now.inode(), now.offset() - 1, now.offset());
    }
  }

  /** A range becomes one with those that it touches. */
  private void joined(KeyAccess keys, long device, long from, long to) {
    long start = from;
    long end = to;
    Bpos before = new Bpos(device, from, 0);
    if (keys.lookup(FREESPACE, before, scratch) && fits(scratch.start(), end)) {
      start = scratch.start();
      keys.delete(FREESPACE, before);
    }
    boolean more = keys.firstFrom(FREESPACE, new Bpos(device, to + 1, 0), scratch);
    if (more
        && scratch.inode() == device
        && scratch.start() == to
        && fits(start, scratch.offset())) {
      end = scratch.offset();
    }
    range(keys, device, start, end);
  }

  private static boolean fits(long from, long to) {
    return to - from <= 0xffff_ffffL;
  }

  private static void range(KeyAccess keys, long device, long from, long to) {
    Bkey key = new Bkey().setPos(device, to, 0).setType(KeyType.SET.number());
    keys.set(FREESPACE, key.setSize((int) (to - from)).setValue(NO_VALUE, 0, 0));
  }

  private static void move(KeyAccess keys, BtreeId btree, Bpos old, Bpos now) {
    if (Objects.equals(old, now)) {
      return;
    }
    if (old != null) {
      keys.delete(btree.number(), old);
    }
    if (now != null) {
      Bkey key = new Bkey().setPos(now).setType(KeyType.SET.number());
      keys.set(btree.number(), key.setValue(NO_VALUE, 0, 0));
    }
  }

  private static Bpos freespace(BucketChanges.Change change, BucketState state) {
    if (!state.is(DataType.FREE)) {
      return null;
    }
    long start = change.bucket | (long) (state.generationsAhead() >> 4) << GENERATION_BITS_SHIFT;
    return Bpos.of(change.device, start + 1);
  }

  private static Bpos needDiscard(BucketChanges.Change change, BucketState state) {
    return needDiscard(change.device, change.bucket, state);
  }

  private static Bpos read(BucketChanges.Change change, BucketState state) {
    return read(change.device, change.bucket, state);
  }

  private Bpos fragmented(BucketChanges.Change change, BucketState state) {
    return fragmented(change.device, change.bucket, state, geometry);
  }

  /** The bucket's place in the need_discard btree; null if it has none. */
  static Bpos needDiscard(int device, long bucket, BucketState state) {
    return state.is(DataType.NEED_DISCARD)
        ? Bpos.of(state.seqEmpty, BucketChanges.id(device, bucket))
        : null;
  }

  /** Its place in the list of cached buckets of its device; null if it has none. */
  static Bpos read(int device, long bucket, BucketState state) {
    long time = state.is(DataType.CACHED) ? state.readTime & LRU_TIME_MASK : 0;
    return lru(device, bucket, device, time);
  }

  /** Its place in the list of fragmented buckets; null if it has none. */
  static Bpos fragmented(int device, long bucket, BucketState state, BucketGeometry geometry) {
    int bucketSectors = geometry.bucketSectors(device);
    boolean movable =
        state.is(DataType.BTREE) || state.is(DataType.USER) || state.is(DataType.STRIPE);
    if (!movable || state.sectorsFragmented(bucketSectors) == 0) {
      return null;
    }
    long live = Math.min(state.sectorsDirty(), bucketSectors);
    int list = geometry.fragmentationList(device);
    return lru(device, bucket, list, (live << 31) / bucketSectors);
  }

  private static Bpos lru(int device, long bucket, int lru, long time) {
    return time == 0
        ? null
        : Bpos.of((long) lru << LRU_TIME_BITS | time, BucketChanges.id(device, bucket));
  }

  private void generation(BucketChanges.Change change, KeyAccess keys) {
    Bpos pos = Bpos.of(change.device, change.bucket / BucketGens.COUNT);
    MemorySegment value = MemorySegment.ofArray(new long[BucketGens.BYTES / Long.BYTES]);
    if (keys.lookup(BtreeId.BUCKET_GENS.number(), pos, scratch)) {
      int bytes = Math.min(scratch.valueBytes(), BucketGens.BYTES);
      MemorySegment.copy(scratch.segment(), scratch.valueOffset(), value, 0, bytes);
    }
    Le.putU8(value, change.bucket % BucketGens.COUNT, change.after.generation);
    Bkey key = new Bkey().setPos(pos).setType(KeyType.BUCKET_GENS.number());
    keys.set(BtreeId.BUCKET_GENS.number(), key.setValue(value, 0, BucketGens.BYTES));
  }

  /** The device's counters of buckets. */
  void count(BucketChanges.Change change, Counters counters) {
    BucketState old = change.before;
    BucketState now = change.after;
    int device = change.device;
    int size = geometry.bucketSectors(device);
    if (old.dataType != now.dataType) {
      counters.device(device, now.dataType, 1, now.sectors(), now.sectorsFragmented(size));
      counters.device(device, old.dataType, -1, -old.sectors(), -old.sectorsFragmented(size));
    } else if (old.sectors() != now.sectors()) {
      counters.device(
          device,
          now.dataType,
          0,
          now.sectors() - old.sectors(),
          now.sectorsFragmented(size) - old.sectorsFragmented(size));
    }
    long unstripedOld = old.is(DataType.STRIPE) ? old.dirtySectors : 0;
    long unstripedNow = now.is(DataType.STRIPE) ? now.dirtySectors : 0;
    if (unstripedOld != unstripedNow) {
      int buckets = (unstripedNow != 0 ? 1 : 0) - (unstripedOld != 0 ? 1 : 0);
      int type = DataType.UNSTRIPED.number();
      counters.device(device, type, buckets, unstripedNow - unstripedOld, 0);
    }
  }
}
