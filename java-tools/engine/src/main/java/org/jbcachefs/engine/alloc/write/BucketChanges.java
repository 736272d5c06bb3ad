// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.DataType;

/**
 * The buckets that a commit changes: their old and new states, and the state machine that leads
 * from one to the other. Runs inside of the commit, since states carry its journal sequence number.
 * Belongs to one thread.
 */
public final class BucketChanges {
  private static final int BUCKET_BITS = 48;
  private static final int ALLOC = BtreeId.ALLOC.number();

  private final BucketGeometry geometry;
  private final OpenBucketCheck open;
  private final BucketIndexes indexes;
  private final WriteRules rules;
  private final TreeMap<Long, Change> changes = new TreeMap<>();
  private final Bkey scratch = new Bkey();

  /** A bucket before and after. */
  static final class Change {
    final int device;
    final long bucket;
    final BucketState before;
    final BucketState after;
    boolean discarded;

    Change(int device, long bucket, BucketState before) {
      this.device = device;
      this.bucket = bucket;
      this.before = before;
      this.after = before.copy();
    }
  }

  /** Whether somebody is writing into a bucket. */
  public interface OpenBucketCheck {
    boolean isOpen(int device, long bucket);

    /** Something in it is committed from now on. */
    void filled(int device, long bucket);
  }

  public BucketChanges(BucketGeometry geometry, OpenBucketCheck open, WriteRules rules) {
    this.geometry = geometry;
    this.open = open;
    this.indexes = new BucketIndexes(geometry);
    this.rules = rules;
  }

  /** Forgets everything. */
  public void clear() {
    changes.clear();
  }

  /** How many buckets change. */
  public int size() {
    return changes.size();
  }

  /** A bucket as one number, as the LRU and need_discard btrees have it. */
  static long id(int device, long bucket) {
    return (long) device << BUCKET_BITS | bucket;
  }

  private Change change(KeyAccess keys, int device, long bucket) {
    Change change = changes.get(id(device, bucket));
    if (change == null) {
      boolean known = keys.lookup(ALLOC, Bpos.of(device, bucket), scratch);
      BucketState before = known ? BucketState.of(scratch) : BucketState.unused();
      change = new Change(device, bucket, before);
      changes.put(id(device, bucket), change);
    }
    return change;
  }

  /** The generation that the bucket has before this commit. */
  int generation(KeyAccess keys, int device, long bucket) {
    Change change = changes.get(id(device, bucket));
    if (change != null) {
      return change.before.generation;
    }
    return keys.lookup(ALLOC, Bpos.of(device, bucket), scratch)
        ? BucketState.of(scratch).generation
        : 0;
  }

  /** Dirty or cached sectors come or go; whoever adds them says what they are. */
  void add(KeyAccess keys, int device, long bucket, boolean cached, long sectors, int dataType) {
    BucketState state = change(keys, device, bucket).after;
    if (cached) {
      state.cachedSectors = Math.toIntExact(state.cachedSectors + sectors);
    } else {
      state.dirtySectors = Math.toIntExact(state.dirtySectors + sectors);
    }
    if (sectors > 0) {
      state.dataType = dataType;
    }
  }

  /** Superblock or journal take a part of a bucket, or the whole. */
  public void mark(KeyAccess keys, int device, long bucket, DataType type, int sectors) {
    BucketState state = change(keys, device, bucket).after;
    state.dirtySectors += sectors;
    state.dataType = type.number();
  }

  /** What was in the bucket is discarded: it may be used again. */
  public void discarded(KeyAccess keys, int device, long bucket) {
    Change change = change(keys, device, bucket);
    if (change.before.is(DataType.NEED_DISCARD)) {
      BucketState state = change.after;
      state.needDiscard = false;
      state.dataType = DataType.FREE.number();
      state.seqNonempty = 0;
      state.seqEmpty = 0;
      change.discarded = true;
    }
  }

  /** Something in a bucket of cached copies was read. */
  public void read(KeyAccess keys, int device, long bucket, long readTime) {
    BucketState state = change(keys, device, bucket).after;
    if (state.is(DataType.CACHED)) {
      state.readTime = Math.max(1, readTime);
    }
  }

  /**
   * Carries the changes out: bucket keys, indexes and counters.
   *
   * @param seq journal sequence number of the commit
   * @param readTime of the clock of reads
   * @param writeTime of the clock of writes
   */
  public void apply(KeyAccess keys, Counters counters, long seq, long readTime, long writeTime) {
    for (Map.Entry<Long, Change> entry : changes.entrySet()) {
      Change change = entry.getValue();
      advance(change, seq, readTime, writeTime);
      keys.set(ALLOC, change.after.toKey(change.device, change.bucket));
      if (rules.hold(WriteRule.BUCKET_INDEXES)) {
        indexes.update(change, keys);
      }
      indexes.count(change, counters);
    }
  }

  private void advance(Change change, long seq, long readTime, long writeTime) {
    BucketState old = change.before;
    BucketState now = change.after;
    now.deriveDataType(now.dataType);
    boolean fixed = now.is(DataType.SB) || now.is(DataType.JOURNAL);
    if (!old.isEmpty() && now.isEmpty() && !old.is(DataType.SB) && !old.is(DataType.JOURNAL)) {
      now.dataType = DataType.NEED_DISCARD.number();
    }
    if (old.isEmpty() && !now.isEmpty()) {
      now.readTime = readTime;
      now.writeTime = writeTime;
      now.needIncGen = true;
      open.filled(change.device, change.bucket);
      now.needDiscard = true;
    }
    boolean writing = !fixed && open.isOpen(change.device, change.bucket);
    if (now.isEmpty() && now.needIncGen && !writing) {
      if (now.oldestGeneration == now.generation && now.sectorsTotal() == 0) {
        now.oldestGeneration = (now.oldestGeneration + 1) & 0xff;
      }
      now.generation = (now.generation + 1) & 0xff;
      now.needIncGen = false;
      now.deriveDataType(now.dataType);
    }
    if (now.is(DataType.CACHED) && now.readTime == 0) {
      now.readTime = Math.max(1, readTime);
    }
    stamp(old, now, seq);
  }

  private static void stamp(BucketState old, BucketState now, long seq) {
    if (old.isEmpty() && !now.isEmpty() && now.seqNonempty == 0) {
      now.seqNonempty = seq;
    }
    if (!old.is(DataType.NEED_DISCARD) && now.is(DataType.NEED_DISCARD)) {
      now.seqEmpty = seq;
      if (now.seqNonempty == seq) {
        // Nothing of what was in the bucket ever became durable.
        now.seqNonempty = 0;
        now.seqEmpty = 0;
      }
    }
  }

  /** Geometry of the devices. */
  BucketGeometry geometry() {
    return geometry;
  }
}
