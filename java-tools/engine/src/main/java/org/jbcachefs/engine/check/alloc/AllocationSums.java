// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * What all keys contribute, summed up: by bucket, by counter, by stripe. Made by going once over
 * every key that has something to contribute; passes share it if all buckets fit into memory at
 * once, else each goes over them slice by slice.
 */
final class AllocationSums {
  private final CheckContext context;
  private final Buckets buckets;
  private final BucketTable table;
  private final boolean counting;
  private final boolean generationsInBackpointers;
  private final int shift;
  private final CounterMap counters = new CounterMap();
  private final CounterMap openInodes = new CounterMap();
  private final StripeSums stripes = new StripeSums();
  private final LongAdder stripeBackpointers = new LongAdder();
  private final List<OddPointer> oddPointers = new ArrayList<>();
  private long inodesHash;
  private BackpointerComparison comparison;

  /** A pointer of another generation than its bucket, whose backpointer is not there. */
  record OddPointer(int btree, int level, Bpos pos, int pointer) {}

  private static final int MOST_ODD = 1000;

  private AllocationSums(CheckContext context, Buckets buckets, BucketSlice slice, boolean first) {
    this.context = context;
    this.buckets = buckets;
    this.table = new BucketTable(buckets, slice);
    this.counting = first;
    this.shift = BackpointerShift.of(context);
    this.generationsInBackpointers = context.since(MetadataVersion.BACKPOINTER_BUCKET_GEN);
  }

  /**
   * Sums that fit into memory whole, kept for all passes; or which slices they must be cut into.
   */
  private record Kept(AllocationSums sums, List<BucketSlice> slices) {}

  /**
   * Hands over the sums: all at once or slice by slice.
   *
   * @param checks looks at every pointer on the way; null for none
   * @param through what the contributions pass on their way
   */
  static void forEach(
      CheckContext context,
      Function<AllocationSums, Function<Findings, PointerChecks>> checks,
      UnaryOperator<ContributionSink> through,
      Consumer<AllocationSums> user) {
    Kept kept = context.shared(Kept.class, () -> plan(context, checks, through));
    if (kept.sums() != null) {
      user.accept(kept.sums());
      return;
    }
    Buckets buckets = new Buckets(context.filesystem().devices());
    boolean first = true;
    for (BucketSlice slice : kept.slices()) {
      AllocationSums sums = new AllocationSums(context, buckets, slice, first);
      sums.walk(checks == null ? null : checks.apply(sums), through);
      user.accept(sums);
      first = false;
    }
  }

  /** No pass behind needs them: they may be large. */
  static void forget(CheckContext context) {
    context.forget(Kept.class);
  }

  private static Kept plan(
      CheckContext context,
      Function<AllocationSums, Function<Findings, PointerChecks>> checks,
      UnaryOperator<ContributionSink> through) {
    Buckets buckets = new Buckets(context.filesystem().devices());
    long most = Math.max(1, context.memoryBytes() / BucketTable.CHUNK_BYTES);
    List<BucketSlice> slices = BucketSlice.cut(usedChunks(context, buckets), most);
    if (slices.size() > 1) {
      return new Kept(null, slices);
    }
    AllocationSums sums = new AllocationSums(context, buckets, BucketSlice.ALL, true);
    sums.walk(checks == null ? null : checks.apply(sums), through);
    return new Kept(sums, slices);
  }

  private static BitSet[] usedChunks(CheckContext context, Buckets buckets) {
    BitSet[] used = new BitSet[buckets.devices()];
    for (int device = 0; device < used.length; device++) {
      used[device] = new BitSet();
    }
    context.scan(
        BtreeId.ALLOC,
        _ ->
            key -> {
              if (buckets.exists(key.inode(), key.offset())) {
                BitSet set = used[(int) key.inode()];
                synchronized (set) {
                  set.set((int) (key.offset() >>> BucketTable.CHUNK_BITS));
                }
              }
            });
    return used;
  }

  private void walk(
      Function<Findings, PointerChecks> checks, UnaryOperator<ContributionSink> through) {
    context.scan(BtreeId.ALLOC, _ -> new Generations());
    markSuperblocksAndJournals();
    for (int btree : Contributions.leaves(context.superblock().version())) {
      context.scan(btree, 0, false, findings -> worker(btree, 0, findings, checks, through));
    }
    for (int btree : context.btrees().present()) {
      int root = context.btrees().rootLevel(btree);
      for (int level = 1; level <= root; level++) {
        int at = level;
        context.scan(btree, at, false, findings -> worker(btree, at, findings, checks, through));
      }
      root(btree, checks, through);
    }
    for (Bpos inode : openInodes.positions()) {
      inodesHash +=
          Hashes.ofInode(
              inode.inode(),
              openInodes.get(inode, 0),
              openInodes.get(inode, 1),
              openInodes.get(inode, 2));
    }
  }

  private AllocationWorker worker(
      int btree,
      int level,
      Findings findings,
      Function<Findings, PointerChecks> checks,
      UnaryOperator<ContributionSink> through) {
    return new AllocationWorker(
        this, btree, level, checks == null ? null : checks.apply(findings), through);
  }

  private void root(
      int btree,
      Function<Findings, PointerChecks> checks,
      UnaryOperator<ContributionSink> through) {
    BtreeRoot root = context.filesystem().journal().overlay().root(btree);
    if (root != null && root.key() != null) {
      KeyWorker worker = worker(btree, root.level() + 1, context, checks, through);
      worker.key(root.key());
      worker.end();
    }
  }

  /** Takes in the generation of every bucket that has an alloc key. */
  private final class Generations implements KeyWorker {
    private final AllocState state = new AllocState();

    @Override
    public void key(Bkey key) {
      if (buckets.exists(key.inode(), key.offset()) && state.read(key)) {
        table.known((int) key.inode(), key.offset(), state.generation);
      }
    }
  }

  private void markSuperblocksAndJournals() {
    for (int device = 0; device < buckets.devices(); device++) {
      Superblock own = context.filesystem().devices().superblockOf(device);
      if (own == null || !buckets.isMember(device)) {
        continue;
      }
      SuperblockLayout layout = own.layout();
      long size = layout.maxBytes() / 512;
      for (long sector : layout.sectors()) {
        if (sector == Superblock.SECTOR) {
          markSuperblock(device, 0, sector);
        }
        markSuperblock(device, sector, sector + size);
      }
      JournalBuckets journal = own.journalBuckets();
      for (long bucket : journal.buckets()) {
        if (bucket >= 0 && bucket < buckets.count(device)) {
          table.addDirty(device, bucket, buckets.bucketSectors(device), BucketTable.JOURNAL);
        }
      }
    }
  }

  private void markSuperblock(int device, long start, long end) {
    for (long at = start; at < end; ) {
      long bucket = buckets.bucketOf(device, at);
      long next = Math.min(end, buckets.firstSector(device, bucket + 1));
      // A copy at the device's end may lie behind the last bucket.
      if (bucket < buckets.count(device)) {
        table.addDirty(device, bucket, next - at, BucketTable.SB);
      }
      at = next;
    }
  }

  /** A pointer asks for a backpointer. */
  void want(Backpointers wanted) {
    long hash = hash(wanted);
    if (wanted.btree() == BtreeId.STRIPE_BACKPOINTERS.number()) {
      stripeBackpointers.add(hash);
      return;
    }
    int device = wanted.device();
    if (!buckets.isMember(device)) {
      return;
    }
    long bucket = buckets.bucketOf(device, wanted.sector());
    if (!buckets.exists(device, bucket)) {
      return;
    }
    int known = table.generation(device, bucket);
    if (isSummed(known, wanted.generation())) {
      table.wantBackpointer(device, bucket, hash);
    } else if (known >= 0 && !wanted.cached()) {
      lookForOdd(wanted);
    }
  }

  /** Whether backpointers of that generation are in a bucket's sum. */
  boolean isSummed(int bucketGeneration, int generation) {
    return bucketGeneration != -2
        && (bucketGeneration == -1 || !generationsInBackpointers || bucketGeneration == generation);
  }

  private void lookForOdd(Backpointers wanted) {
    Bkey found = new Bkey();
    Bpos at = Bpos.of(wanted.inode(), wanted.offset());
    if (!context.btrees().lookup(wanted.btree(), at, found) || !wanted.matches(found)) {
      synchronized (oddPointers) {
        if (oddPointers.size() < MOST_ODD) {
          oddPointers.add(
              new OddPointer(wanted.keyBtree(), wanted.level(), wanted.keyPos(), wanted.pointer()));
        }
      }
    }
  }

  static long hash(Backpointers wanted) {
    return Hashes.of(
        wanted.inode(),
        wanted.offset(),
        wanted.word(0),
        wanted.word(1),
        wanted.word(2),
        wanted.word(3));
  }

  static long hash(Bkey found) {
    return Hashes.of(
        found.inode(),
        found.offset(),
        Backpointers.wordOf(found, 0),
        Backpointers.wordOf(found, 1),
        Backpointers.wordOf(found, 2),
        Backpointers.wordOf(found, 3));
  }

  /** Generation of a bucket outside of the slice; -1 if it has no alloc key. */
  int generationElsewhere(int device, long bucket) {
    Bkey key = new Bkey();
    AllocState state = new AllocState();
    return context.btrees().lookup(BtreeId.ALLOC.number(), Bpos.of(device, bucket), key)
            && state.read(key)
        ? state.generation
        : -1;
  }

  void merge(SumSink sink) {
    if (counting) {
      synchronized (counters) {
        counters.addAll(sink.counters());
        openInodes.addAll(sink.openInodes);
        inodesHash += sink.inodesHash;
      }
    }
  }

  Backpointers backpointers() {
    return new Backpointers(
        context.superblock(),
        shift,
        buckets::isRotational,
        (device, sector) -> sector % buckets.bucketSectors(device));
  }

  CheckContext context() {
    return context;
  }

  Buckets buckets() {
    return buckets;
  }

  BucketTable table() {
    return table;
  }

  /** Whether counters and stripes are summed here: in the first slice alone. */
  boolean counting() {
    return counting;
  }

  CounterMap counters() {
    return counters;
  }

  StripeSums stripes() {
    return stripes;
  }

  /** Sum of the hashes of all inodes' counters. */
  long inodesHash() {
    return inodesHash;
  }

  /** Sum of the hashes of all backpointers that belong into the stripe_backpointers btree. */
  long stripeBackpointers() {
    return stripeBackpointers.sum();
  }

  List<OddPointer> oddPointers() {
    return List.copyOf(oddPointers);
  }

  /** Which bucket of its device a backpointer is in. */
  long bucketOf(Bkey backpointer) {
    return buckets.bucketOf((int) backpointer.inode(), sectorOf(backpointer));
  }

  /** Which sector a backpointer is about. */
  long sectorOf(Bkey backpointer) {
    return backpointer.offset() >>> shift;
  }

  /** The first place that a backpointer in that bucket may have. */
  long firstBackpointer(int device, long bucket) {
    return buckets.firstSector(device, bucket) << shift;
  }

  /** The comparison of backpointers with these sums, made by whoever asks first. */
  BackpointerComparison backpointerComparison(Supplier<BackpointerComparison> maker) {
    if (comparison == null) {
      comparison = maker.get();
    }
    return comparison;
  }

  static boolean isBackpointer(Bkey key) {
    return key.type() == KeyType.BACKPOINTER.number();
  }
}
