// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.alloc.write.BucketGeometry;
import org.jbcachefs.engine.alloc.write.BucketRebuild;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.check.alloc.PackedAccounting;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.lost.LostListener;
import org.jbcachefs.engine.repair.lost.LostPointers;
import org.jbcachefs.engine.repair.lost.NamedExtents;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.AllocV4;

/**
 * Makes everything that is kept about space what all other keys say it must be: the btrees alloc,
 * freespace, need_discard, lru, backpointers, bucket_gens and accounting, live sectors of stripes,
 * replicas entries and bitmaps of nodes in the superblock. Written is only what differs.
 *
 * <p>While it writes, nodes are put into buckets alone that nothing points to, and no bucket is
 * made free. What it writes makes nodes change as well, so it looks and writes again until nothing
 * differs any more; from then on buckets are given out as always.
 */
public final class SpaceRebuild {
  private static final int MOST_ROUNDS = 8;
  private static final int DEVICE_SHIFT = 48;

  private final WritableFilesystem filesystem;
  private final Btrees btrees;
  private final long memoryBytes;
  private final Path spill;
  private final LostListener lost;

  /** Keys that point to one place, by the last look. */
  private List<List<SharedPlaces.Pointed>> shared = List.of();

  /** Buckets of different kinds of things, by the last look. */
  private Set<Bpos> mixed = Set.of();

  /**
   * @param memoryBytes what sorting may take
   * @param spill where it puts what needs more
   */
  public SpaceRebuild(WritableFilesystem filesystem, long memoryBytes, Path spill) {
    this(filesystem, memoryBytes, spill, LostListener.NONE);
  }

  /** The same, with somebody who is told of lost data. */
  public SpaceRebuild(
      WritableFilesystem filesystem, long memoryBytes, Path spill, LostListener lost) {
    this.lost = lost;
    this.filesystem = filesystem;
    this.btrees = filesystem.btrees();
    this.memoryBytes = memoryBytes;
    this.spill = spill;
  }

  /**
   * Does it.
   *
   * @return how many keys were changed
   * @throws org.jbcachefs.format.error.CorruptionException if a key that matters cannot be read:
   *     nothing is changed then
   */
  public long run() {
    long changed = 0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      long now = round();
      changed += now;
      if (now == 0) {
        break;
      }
      filesystem.sync();
    }
    filesystem.repair().allocateFrom(null);
    return changed;
  }

  /**
   * Sees to it that data lies where nothing else does. What cannot be told apart is left.
   *
   * @return whether there was anything to do
   */
  public boolean separate() {
    SharedPlaces places = new SharedPlaces(filesystem);
    places.moveOut(mixed);
    shared.forEach(places::separate);
    return !mixed.isEmpty() || !shared.isEmpty();
  }

  private long round() {
    try (RecordSorter backpointers =
            new RecordSorter(SpaceSums.RECORD, SpaceSums.RECORD_KEY, memoryBytes, spill);
        RecordSorter places = new RecordSorter(3, 3, memoryBytes, spill);
        RecordSorter free = new RecordSorter(3, 3, memoryBytes, spill);
        RecordSorter deletions = new RecordSorter(2, 2, memoryBytes, spill);
        NamedExtents dropped =
            new NamedExtents(btrees, filesystem.superblock(), memoryBytes, spill)) {
      RecordSorter.Writer stripes = places.writer();
      SpaceSums sums = new SpaceSums(filesystem, backpointers);
      sums.stripeBlocks((index, device, bucket) ->
          stripes.add(BtreeId.BUCKET_TO_STRIPE.number(), device << DEVICE_SHIFT | bucket, index));
      sums.run();
      stripes.close();
      KeyChanges changes = new KeyChanges(filesystem);
      List<Bkey> alloc = new ArrayList<>();
      BucketWalk walk = new BucketWalk(sums, places.writer(), free.writer(), alloc);
      walk.run();
      filesystem.repair().allocateFrom(walk.free());
      alloc.forEach(key -> changes.set(BtreeId.ALLOC, key));
      walk.misplaced.forEach(pos -> changes.delete(BtreeId.ALLOC, pos));
      new PlaceDifference(btrees, changes).run(places.sorted());
      new FreespaceDifference(btrees, changes).run(free.sorted());
      new GenerationDifference(btrees, changes).run(walk.generations());
      RecordSorter.Writer deleted = deletions.writer();
      BackpointerDifference pointers = new BackpointerDifference(btrees, changes, dropped, deleted);
      pointers.run(backpointers.sorted());
      deleted.close();
      // While they are there, a run that is cut off leaves them to the next one.
      new LostPointers(filesystem, lost).run(dropped);
      deleteAll(deletions.sorted(), changes);
      shared = pointers.shared();
      mixed = walk.mixed;
      new StripeDifference(btrees, changes, sums).run();
      new CounterDifference(filesystem, changes).run(sums.counters());
      changes.commit();
      return changes.made() + new SuperblockDifference(filesystem).run(sums.counters());
    }
  }

  private static void deleteAll(SortedRecords positions, KeyChanges changes) {
    while (positions.next()) {
      changes.delete(BtreeId.BACKPOINTERS, Bpos.of(positions.get(0), positions.get(1)));
    }
  }

  /** Goes over the buckets, with keys or without, and says what each must be. */
  private final class BucketWalk {
    private final SpaceSums sums;
    private final RecordSorter.Writer places;
    private final RecordSorter.Writer free;
    private final List<Bkey> alloc;
    private final BucketRebuild bucket;
    private final BitSet[] surelyFree;
    private final BitSet[] emptyBuckets;
    private final byte[][] generations;
    private final PackedAccounting slot = new PackedAccounting();
    private final boolean[] indexed;
    final List<Bpos> misplaced = new ArrayList<>();
    final Set<Bpos> mixed = new HashSet<>();
    private int runDevice = -1;
    private long runStart;
    private long runEnd;

    BucketWalk(
        SpaceSums sums, RecordSorter.Writer places, RecordSorter.Writer free, List<Bkey> alloc) {
      this.sums = sums;
      this.places = places;
      this.free = free;
      this.alloc = alloc;
      this.bucket =
          new BucketRebuild(
              BucketGeometry.of(filesystem.superblock()),
              filesystem.repair().newestSeq(),
              filesystem.clocks().read(),
              filesystem.clocks().write());
      int devices = sums.buckets.devices();
      surelyFree = new BitSet[devices];
      emptyBuckets = new BitSet[devices];
      generations = new byte[devices][];
      indexed = new boolean[devices];
      for (int device = 0; device < devices; device++) {
        surelyFree[device] = new BitSet();
        emptyBuckets[device] = new BitSet();
        generations[device] = new byte[(int) sums.buckets.count(device)];
        Member member = filesystem.superblock().members().get(device);
        indexed[device] = member.exists() && Member.FREESPACE_INITIALIZED.isSet(member.flags());
      }
    }

    void run() {
      int device = 0;
      long next = 0;
      try (KeyIterator keys = btrees.iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          Bkey key = keys.key();
          if (!sums.buckets.exists(key.inode(), key.offset()) || !AllocV4.is(key)) {
            misplaced.add(key.pos());
            continue;
          }
          for (; device < key.inode(); device++, next = 0) {
            withoutKeys(device, next, sums.buckets.count(device));
          }
          withoutKeys(device, next, key.offset());
          next = key.offset() + 1;
          with(device, key.offset(), key);
        }
      }
      for (; device < sums.buckets.devices(); device++, next = 0) {
        withoutKeys(device, next, sums.buckets.count(device));
      }
      endRun();
      places.close();
      free.close();
    }

    private void withoutKeys(int device, long from, long to) {
      for (long at = Math.max(from, sums.buckets.first(device)); at < to; at++) {
        with(device, at, null);
      }
    }

    private void with(int device, long at, Bkey key) {
      boolean here = filesystem.devices().device(device) != null;
      BucketRebuild.Contents contents = sums.buckets.contents(device, at);
      bucket.of(device, at, key, contents);
      if (sums.buckets.isMixed(device, at)) {
        mixed.add(Bpos.of(device, at));
      }
      if (!here && isFixed(device, at, key)) {
        bucket.leave(device, at, key);
      }
      int generation = key == null ? -1 : sums.buckets.generationOfAll(device, at);
      if (generation >= 0 && contents.isEmpty()) {
        // What points there is counted once the generation is right.
        bucket.regenerate(device, at, key, generation);
      }
      if (bucket.differs()) {
        alloc.add(bucket.key().copy());
      }
      generations[device][(int) at] = (byte) bucket.generation();
      if (bucket.isFree() && generation < 0) {
        emptyBuckets[device].set((int) at);
        if (bucket.isFreeAsSaid()) {
          surelyFree[device].set((int) at);
        }
      }
      if (indexed[device]) {
        indexes(device, at);
      }
      count(device);
    }

    /** Superblocks and journal of a member that is missing: nobody else knows where they are. */
    private boolean isFixed(int device, long at, Bkey key) {
      if (key == null) {
        return false;
      }
      int type = bucket.leave(device, at, key).dataType();
      bucket.of(device, at, key, sums.buckets.contents(device, at));
      return type == DataType.SB.number() || type == DataType.JOURNAL.number();
    }

    private void indexes(int device, long at) {
      place(BtreeId.NEED_DISCARD, bucket.needDiscard());
      place(BtreeId.LRU, bucket.read());
      place(BtreeId.LRU, bucket.fragmentedPlace());
      if (bucket.isFree() && bucket.freespaceBits() == 0) {
        if (runDevice != device || runEnd != at) {
          endRun();
          runDevice = device;
          runStart = at;
        }
        runEnd = at + 1;
      } else if (bucket.isFree()) {
        long start = at | (long) bucket.freespaceBits() << FreespaceDifference.BITS_SHIFT;
        free.add(device, start + 1, start);
      }
    }

    private void endRun() {
      if (runDevice >= 0) {
        free.add(runDevice, runEnd, runStart);
        runDevice = -1;
      }
    }

    private void place(BtreeId btree, Bpos pos) {
      if (pos != null) {
        places.add(btree.number(), pos.inode(), pos.offset());
      }
    }

    private void count(int device) {
      add(device, DataType.of(bucket.dataType()), 1, bucket.sectors(), bucket.fragmented());
      if (bucket.unstriped() != 0) {
        add(device, DataType.UNSTRIPED, 1, bucket.unstriped(), 0);
      }
    }

    private void add(int device, DataType type, long buckets, long sectors, long fragmented) {
      if (type != null) {
        slot.of(AccountingType.DEV_DATA_TYPE).put(0, device).put(1, type.number());
        sums.counters().add(slot.inode, slot.offset, slot.snapshot, buckets, sectors, fragmented);
      }
    }

    byte[][] generations() {
      return generations;
    }

    /** Buckets that nothing points to; those alone whose keys say so too, if there are any. */
    FreeBitmaps free() {
      long agreed = 0;
      for (BitSet set : surelyFree) {
        agreed += set.cardinality();
      }
      return new FreeBitmaps(agreed > 0 ? surelyFree : emptyBuckets);
    }
  }
}
