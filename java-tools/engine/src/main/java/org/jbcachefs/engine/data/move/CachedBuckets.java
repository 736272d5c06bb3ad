// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.PointerDrop;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.Backpointer;

/**
 * Gives up cached copies where room is needed, those first that were not read for longest: df
 * counts their room as free. Thread-safe. Source: {@code bch2_do_invalidates}.
 */
public final class CachedBuckets {
  /** Buckets of each device that are emptied before the next look at how much room there is. */
  private static final int ROUND = 16;

  /** Keys that one transaction changes. */
  private static final int BATCH = 16;

  private static final int DEVICE_SHIFT = 48;
  private static final long TIME_MASK = (1L << DEVICE_SHIFT) - 1;

  private final MoveParts parts;
  private final Lock exclusive;
  private final int bpShift;
  private final ExtentEntrySizes sizes;
  private final ReentrantLock working = new ReentrantLock();

  private record Place(BtreeId btree, Bpos pos) {}

  /**
   * @param exclusive held while pointers go: nobody reads then
   */
  public CachedBuckets(MoveParts parts, Lock exclusive) {
    this.parts = parts;
    this.exclusive = exclusive;
    this.bpShift = parts.options().superblock().extentBpShift();
    this.sizes = ExtentEntrySizes.of(parts.options().superblock()::extentTypeU64s);
  }

  /**
   * Empties some buckets of every device that is written to; they are free once that is durable and
   * they are discarded.
   *
   * @return how many
   */
  public int giveUpSome() {
    if (working.isHeldByCurrentThread()) {
      return 0;
    }
    working.lock();
    try {
      int emptied = 0;
      for (int device = 0; device < parts.devices().size(); device++) {
        List<Long> buckets = isWritten(device) ? oldest(device) : List.of();
        for (long bucket : buckets) {
          for (List<Place> batch : places(device, bucket)) {
            drop(device, bucket, batch);
          }
        }
        emptied += buckets.size();
        parts.devices().activity().add(PersistentCounter.BUCKET_INVALIDATE, buckets.size());
      }
      return emptied;
    } finally {
      working.unlock();
    }
  }

  private boolean isWritten(int device) {
    Member member = parts.devices().member(device);
    return member != null
        && parts.devices().device(device) != null
        && member.state() == MemberState.RW
        && !parts.devices().health().isStopped(device);
  }

  private List<Long> oldest(int device) {
    List<Long> found = new ArrayList<>();
    Bpos from = Bpos.of((long) device << DEVICE_SHIFT, 0);
    Bpos to = new Bpos((long) device << DEVICE_SHIFT | TIME_MASK, -1, -1);
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.LRU.number(), 0, from, to)) {
      while (found.size() < ROUND && keys.next()) {
        long bucket = keys.key().offset() & TIME_MASK;
        if (!parts.space().isOpen(device, bucket)) {
          found.add(bucket);
        }
      }
    }
    return found;
  }

  /** The keys that point into a bucket, some at a time. */
  private List<List<Place>> places(int device, long bucket) {
    long sectors = parts.devices().member(device).bucketSectors();
    Bpos from = Bpos.of(device, (bucket * sectors) << bpShift);
    Bpos to = Bpos.of(device, (((bucket + 1) * sectors) << bpShift) - 1);
    List<List<Place>> batches = new ArrayList<>();
    List<Place> batch = List.of();
    try (KeyIterator keys = parts.btrees().iterate(BtreeId.BACKPOINTERS.number(), 0, from, to)) {
      while (keys.next()) {
        Backpointer pointer = Backpointer.decode(keys.key());
        BtreeId btree = BtreeId.of(pointer.btree());
        if (pointer.level() > 0 || (btree != BtreeId.EXTENTS && btree != BtreeId.REFLINK)) {
          continue;
        }
        if (batch.isEmpty() || batch.size() == BATCH) {
          batch = new ArrayList<>();
          batches.add(batch);
        }
        batch.add(new Place(btree, pointer.pos()));
      }
    }
    return batches;
  }

  private void drop(int device, long bucket, List<Place> places) {
    exclusive.lock();
    try {
      parts
          .committer()
          .transact(
              "bucket_invalidate",
              transaction -> {
                places.forEach(place -> drop(transaction, device, bucket, place));
                return null;
              });
    } finally {
      exclusive.unlock();
    }
  }

  private void drop(Transaction transaction, int device, long bucket, Place place) {
    Bkey key = new Bkey();
    if (!transaction.lookup(place.btree(), place.pos(), key)) {
      return;
    }
    long sectors = parts.devices().member(device).bucketSectors();
    Bkey old = key.copy();
    if (dirty(old) == 0) {
      // Nobody else has it: that is for fsck to judge.
      return;
    }
    Bkey without =
        new PointerDrop(sizes)
            .without(
                old,
                pointer ->
                    !pointer.cached()
                        || pointer.dev() != device
                        || pointer.sector() / sectors != bucket);
    if (without != null) {
      transaction.update(place.btree(), without);
    }
  }

  private int dirty(Bkey key) {
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    int dirty = 0;
    while (entries.nextPtr()) {
      dirty += entries.cached() ? 0 : 1;
    }
    return dirty;
  }
}
