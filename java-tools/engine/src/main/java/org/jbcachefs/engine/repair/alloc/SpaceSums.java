// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.alloc.CounterSink;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;

/**
 * What all keys of a filesystem say about its space: sums by bucket, by counter and by stripe, and
 * the backpointers that there must be. Made by going over every key once. Belongs to one thread.
 */
final class SpaceSums extends CounterSink {
  private static final int STRIPE_BLOCKS = 16;

  private final int[] leaves;
  private final Btrees btrees;
  private final IntFunction<Bkey> roots;
  private final DeviceSet devices;
  private final int[] bucketSectors;
  private final RecordSorter.Writer wanted;
  private final Contributions contributions;
  private final Backpointers backpointers;
  private final Map<Long, int[]> stripeBlocks = new HashMap<>();
  private final List<OddBlock> oddBlocks = new ArrayList<>();
  private StripeBlocks blocks = (_, _, _) -> {};
  private final StripeValue stripe = new StripeValue();
  private final Bkey stripeKey = new Bkey();

  /** Longs in a backpointer's record. */
  static final int RECORD = 3 + Backpointers.WORDS;

  /** Of those, what they are sorted by. */
  static final int RECORD_KEY = 3;

  /** What points to buckets. */
  final BucketSums buckets;

  /**
   * @param backpointerRecords gets a record of {@link #RECORD} longs for each backpointer: its
   *     position (inode and offset), whether it is needed (0) or may be there (1), and its value;
   *     those of stripe_backpointers have the top bit of the first one set
   */
  SpaceSums(WritableFilesystem filesystem, RecordSorter backpointerRecords) {
    this(
        filesystem.btrees(),
        filesystem.devices(),
        filesystem.superblock(),
        btree -> rootOf(filesystem, btree),
        backpointerRecords);
  }

  /**
   * The same of btrees in whatever form.
   *
   * @param roots pointer to a btree's root as a key, which has its level one below; null if none
   */
  SpaceSums(
      Btrees btrees,
      DeviceSet devices,
      Superblock superblock,
      IntFunction<Bkey> roots,
      RecordSorter backpointerRecords) {
    this.leaves = Contributions.leaves(superblock.version());
    this.roots = roots;
    this.btrees = btrees;
    this.devices = devices;
    this.wanted = backpointerRecords.writer();
    this.buckets = new BucketSums(superblock.members());
    this.bucketSectors = new int[superblock.members().size()];
    for (Member member : superblock.members()) {
      bucketSectors[member.index()] = Math.max(1, member.bucketSectors());
    }
    this.contributions =
        new Contributions(
            ExtentEntrySizes.of(superblock::extentTypeU64s),
            superblock.btreeNodeBytes() / 512,
            superblock.version());
    this.backpointers =
        new Backpointers(
            superblock,
            superblock.extentBpShift(),
            device -> isMember(device) && Member.ROTATIONAL.isSet(devices.member(device).flags()),
            (device, sector) -> sector % bucketSectors[device]);
  }

  /** A block of a stripe that has another generation than its bucket's key. */
  private record OddBlock(int device, long bucket, boolean parity, long sectors) {}

  /** Told of each bucket that a stripe has a block in. */
  @FunctionalInterface
  interface StripeBlocks {
    void block(long index, long device, long bucket);
  }

  void stripeBlocks(StripeBlocks told) {
    blocks = told;
  }

  private static Bkey rootOf(WritableFilesystem filesystem, int btree) {
    LiveNode root = filesystem.repair().root(btree);
    return root.pointer() == null ? null : root.pointer().toKey();
  }

  /** Marks a record as one of the stripe_backpointers btree. */
  static final long OF_STRIPES = Long.MIN_VALUE;

  boolean isMember(int device) {
    return device != ExtentPtr.NO_DEVICE && device < buckets.devices() && buckets.count(device) > 0;
  }

  /** Goes over all keys. */
  void run() {
    generations();
    superblocksAndJournals();
    for (int btree : leaves) {
      keys(btree, 0);
    }
    for (int btree : btrees.present()) {
      int top = btrees.rootLevel(btree);
      for (int level = 1; level <= top; level++) {
        keys(btree, level);
      }
      Bkey root = roots.apply(btree);
      if (root != null) {
        key(root, btree, top + 1);
      }
    }
    oddBlocks();
    wanted.close();
  }

  /**
   * Where all that points to a bucket agrees on another generation its key is what is wrong, and is
   * made right first; elsewhere the stripe keeps its bucket, whatever its pointer says.
   */
  private void oddBlocks() {
    for (OddBlock odd : oddBlocks) {
      if (buckets.generationOfAll(odd.device, odd.bucket) < 0) {
        buckets.stripe(odd.device, odd.bucket, odd.parity, odd.sectors);
      }
    }
  }

  private void generations() {
    try (KeyIterator keys = btrees.iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (buckets.exists(key.inode(), key.offset()) && AllocV4.is(key)) {
          buckets.known((int) key.inode(), key.offset(), AllocV4.of(key).generation());
        }
      }
    }
  }

  private void superblocksAndJournals() {
    for (int device = 0; device < devices.size(); device++) {
      Superblock own = devices.superblockOf(device);
      if (own == null || !isMember(device)) {
        continue;
      }
      SuperblockLayout layout = own.layout();
      long size = layout.maxBytes() / 512;
      for (long sector : layout.sectors()) {
        if (sector == Superblock.SECTOR) {
          superblock(device, 0, sector);
        }
        superblock(device, sector, sector + size);
      }
      for (long bucket : own.journalBuckets().buckets()) {
        if (bucket >= 0 && bucket < buckets.count(device)) {
          buckets.journal(device, bucket, bucketSectors[device]);
        }
      }
    }
  }

  private void superblock(int device, long start, long end) {
    for (long at = start; at < end; ) {
      long bucket = at / bucketSectors[device];
      long next = Math.min(end, (bucket + 1) * bucketSectors[device]);
      if (bucket < buckets.count(device)) {
        buckets.superblock(device, bucket, next - at);
      }
      at = next;
    }
  }

  private void keys(int btree, int level) {
    try (KeyIterator keys = btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        key(keys.key(), btree, level);
      }
    }
  }

  private void key(Bkey key, int btree, int level) {
    contributions.of(key, btree, level, this);
    BtreeId id = BtreeId.of(btree);
    if (level == 0 && (id == null || !id.hasDataPointers())) {
      return;
    }
    backpointers.of(key, btree, level);
    long[] record = new long[RECORD];
    while (backpointers.next()) {
      boolean stripes = backpointers.btree() == BtreeId.STRIPE_BACKPOINTERS.number();
      if (!stripes && !leadsToBucket()) {
        continue;
      }
      record[0] = backpointers.inode() | (stripes ? OF_STRIPES : 0);
      record[1] = backpointers.offset();
      record[2] = !stripes && level == 0 && isStaleCopy() ? 1 : 0;
      for (int word = 0; word < Backpointers.WORDS; word++) {
        record[RECORD_KEY + word] = backpointers.word(word);
      }
      wanted.add(record, 0);
    }
  }

  private boolean leadsToBucket() {
    int device = backpointers.device();
    return isMember(device)
        && buckets.exists(device, backpointers.sector() / bucketSectors[device]);
  }

  /** A cached copy of an earlier use of its bucket: what is there now may be something else's. */
  private boolean isStaleCopy() {
    int device = backpointers.device();
    int known = buckets.knownGeneration(device, backpointers.sector() / bucketSectors[device]);
    return known >= 0
        && backpointers.cached()
        && ExtentPtr.staleness(known, backpointers.generation()) != 0;
  }

  @Override
  public void pointer(
      int device, long sector, int generation, Share share, int dataType, long sectors) {
    if (!isMember(device)) {
      return;
    }
    long bucket = sector / bucketSectors[device];
    if (!buckets.exists(device, bucket)) {
      return;
    }
    int known = buckets.knownGeneration(device, bucket);
    boolean node = dataType == DataType.BTREE.number();
    if (node || known < 0) {
      buckets.pointed(device, bucket, generation);
    } else {
      if (share != Share.CACHED) {
        buckets.dataGeneration(device, bucket, generation);
      }
      if (known != generation) {
        return;
      }
    }
    switch (share) {
      case DIRTY -> {
        if (node) {
          buckets.node(device, bucket, sectors);
        } else {
          buckets.data(device, bucket, sectors);
        }
      }
      case CACHED -> buckets.cached(device, bucket, sectors);
      case STRIPE -> buckets.striped(device, bucket, sectors);
    }
  }

  @Override
  public void stripeBlock(long index, int block, int dataType, long sectors) {
    stripeBlocks.computeIfAbsent(index, _ -> new int[STRIPE_BLOCKS])[block % STRIPE_BLOCKS] +=
        (int) sectors;
    boolean found =
        btrees.lookup(BtreeId.STRIPES.number(), Bpos.of(0, index), stripeKey)
            && stripeKey.type() == KeyType.STRIPE.number();
    if (found) {
      stripe.of(stripeKey);
      int[] on = new int[stripe.blocks()];
      for (int i = 0; i < on.length; i++) {
        on[i] = ExtentPtr.dev(stripe.ptr(i));
      }
      Arrays.sort(on);
      replicas(dataType, stripe.dataBlocks(), on, on.length, sectors);
    }
  }

  /** Live sectors in each block of a stripe. */
  int[] liveSectors(long index) {
    return stripeBlocks.getOrDefault(index, new int[STRIPE_BLOCKS]);
  }

  @Override
  public void stripeBucket(
      long index,
      int block,
      int device,
      long sector,
      int generation,
      boolean parity,
      long sectors) {
    long bucket = isMember(device) ? sector / bucketSectors[device] : -1;
    if (!isMember(device) || !buckets.exists(device, bucket)) {
      return;
    }
    blocks.block(index, device, bucket);
    int known = buckets.knownGeneration(device, bucket);
    if (known < 0) {
      buckets.pointed(device, bucket, generation);
    } else {
      buckets.dataGeneration(device, bucket, generation);
    }
    if (known >= 0 && known != generation) {
      oddBlocks.add(new OddBlock(device, bucket, parity, sectors));
    } else {
      buckets.stripe(device, bucket, parity, sectors);
    }
  }

  @Override
  public boolean stale(int device, long sector, int generation) {
    if (!isMember(device)) {
      return false;
    }
    long bucket = sector / bucketSectors[device];
    int known = buckets.exists(device, bucket) ? buckets.knownGeneration(device, bucket) : -1;
    return known >= 0 && ExtentPtr.staleness(known, generation) > 0;
  }
}
