// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Inode;

/**
 * A set of changes that happens as a whole or not at all, at one moment, if what the transaction
 * read is still so at that moment. Belongs to one thread; used once.
 *
 * <p>{@link #lookup} and {@link #iterate} see the btrees with the transaction's own changes on top,
 * and are remembered: if anybody changes what they saw before this commits, committing throws
 * {@link TransactionRestartException}, and the whole must be done again ({@link Committer#transact}
 * does). What is read through the plain {@link Btrees} is not remembered.
 *
 * <p>Changes are of single keys at exact positions: whoever writes extents cuts what they overlap,
 * whoever deletes in a snapshot leaves whiteouts. Everything that follows from a key (buckets,
 * backpointers, counters, indexes) follows by itself at the commit. So does {@code bi_journal_seq}
 * of inodes.
 */
public final class Transaction {
  private final Committer committer;
  private final LiveBtrees btrees;
  private final String name;
  private final ReadSet reads = new ReadSet();
  private final TreeMap<Slot, LiveKey> updates = new TreeMap<>();
  private final List<LongConsumer> onCommit = new ArrayList<>(0);
  private final List<Bpos> discarded = new ArrayList<>(0);
  private final List<Bpos> readBuckets = new ArrayList<>(0);
  private final List<SuperblockBucket> superblockBuckets = new ArrayList<>(0);
  private final List<AddedBuckets> added = new ArrayList<>(0);
  private final List<CountedNodes> countedNodes = new ArrayList<>(0);
  private final List<Long> counted = new ArrayList<>(0);
  private final Set<Slot> alone = new HashSet<>(0);
  private final TreeMap<Bpos, long[]> corrections = new TreeMap<>();
  private final List<InodeWatch.Change> inodeChanges = new ArrayList<>(0);
  private final DecodedInode[] decoded = new DecodedInode[4];
  private int nextDecoded;
  private List<BtreePointer> inNewNodes = List.of();
  private InteriorChange interior;
  private boolean reclaim;

  /** An inode, and the memory that it was decoded from, which does not change meanwhile. */
  private record DecodedInode(MemorySegment bytes, long at, Inode inode) {
    boolean is(Bkey key) {
      return at == key.valueOffset() && bytes.equals(key.segment());
    }
  }

  /** A part of a bucket that belongs to superblocks or the journal. */
  record SuperblockBucket(int device, long bucket, boolean journal, int sectors) {}

  /** Buckets that come to a device's counter. */
  record AddedBuckets(int device, DataType type, long buckets) {}

  /** What the counter of a btree lacks. */
  record CountedNodes(int btree, long sectors, long nodes, long interior) {}

  Transaction(Committer committer, LiveBtrees btrees, String name) {
    this.committer = committer;
    this.btrees = btrees;
    this.name = name;
  }

  /** What the transaction is called in the journal. */
  public String name() {
    return name;
  }

  /** The btrees without this transaction's changes, unremembered. */
  public Btrees btrees() {
    return btrees;
  }

  /**
   * Reads the leaf key at exactly that position; false if there is none, a deleted one included.
   * The key's bytes stay valid as long as {@code out} is held.
   */
  public boolean lookup(BtreeId btree, Bpos pos, Bkey out) {
    LiveKey own = updates.get(new Slot(btree.number(), 0, pos));
    if (own != null) {
      own.read(out);
      return !own.isDeleted();
    }
    NodeContent content = reads.lookedUp(btree.number(), 0, pos);
    if (content == null) {
      LiveNode leaf = btrees.find(btree.number(), 0, pos);
      content = leaf.content();
      reads.add(btree.number(), 0, pos, pos, content);
    }
    return content.lookup(pos.inode(), pos.offset(), pos.snapshot(), out);
  }

  /** The inode that a key is which was read here; those that came last are decoded once. */
  public Inode inode(Bkey key) {
    for (DecodedInode each : decoded) {
      if (each != null && each.is(key)) {
        return each.inode;
      }
    }
    DecodedInode made = new DecodedInode(key.segment(), key.valueOffset(), Inode.decode(key));
    decoded[nextDecoded++ % decoded.length] = made;
    return made.inode;
  }

  /**
   * Leaf keys from one position to another, both included, this transaction's changes among them as
   * they were when the iterator was made. Only what it stepped over is remembered.
   */
  public KeyIterator iterate(BtreeId btree, Bpos from, Bpos to) {
    SortedMap<Slot, LiveKey> own =
        updates.subMap(
            new Slot(btree.number(), 0, from),
            to.equals(Bpos.MAX)
                ? new Slot(btree.number(), 1, Bpos.MIN)
                : new Slot(btree.number(), 0, to.successor()));
    return new TransactionKeys(btrees, reads, btree.number(), from, to, List.copyOf(own.values()));
  }

  /** Puts a copy of that leaf key in the place of the one at its position. */
  public void update(BtreeId btree, Bkey key) {
    put(btree.number(), 0, new LiveKey(key));
  }

  /**
   * Puts a copy of that leaf key in the place of the one at its position, and nothing follows from
   * it: for repairs, where what would follow is there already, or is written by them as well.
   */
  public void updateAlone(BtreeId btree, Bkey key) {
    update(btree, key);
    alone.add(new Slot(btree.number(), 0, key.pos()));
  }

  /** Deletes the leaf key at that position; nothing follows from it. For repairs. */
  public void deleteAlone(BtreeId btree, Bpos pos) {
    delete(btree, pos);
    alone.add(new Slot(btree.number(), 0, pos));
  }

  /** Corrects the counter at that position of the accounting btree by these differences. */
  public void correctCounter(Bpos pos, long... differences) {
    corrections.put(pos, differences.clone());
  }

  /** Deletes the leaf key at that position, if there is one. */
  public void delete(BtreeId btree, Bpos pos) {
    put(btree.number(), 0, LiveKey.deletion(pos));
  }

  void put(int btree, int level, LiveKey key) {
    updates.put(new Slot(btree, level, key.pos()), key);
  }

  /** Puts a key of type {@code set} without a value there. */
  public void set(BtreeId btree, Bpos pos) {
    update(btree, new Bkey().setPos(pos).setType(KeyType.SET.number()));
  }

  /** Will be called, under the commit lock, with the journal sequence number once committed. */
  public void onCommit(LongConsumer action) {
    onCommit.add(action);
  }

  /** Who wants to know of changes of inodes; null if nobody does. */
  public InodeWatch inodeWatch() {
    return committer.inodeWatch();
  }

  /** Part of this transaction is a change that the {@link #inodeWatch} has to agree to. */
  public void inodeChanged(InodeWatch.Change change) {
    inodeChanges.add(change);
  }

  List<InodeWatch.Change> inodeChanges() {
    return inodeChanges;
  }

  /** A bucket in state need_discard was discarded: it becomes free. */
  public void discarded(int device, long bucket) {
    discarded.add(Bpos.of(device, bucket));
  }

  /** A bucket of cached copies was read from: others are given up before it. */
  public void readBucket(int device, long bucket) {
    readBuckets.add(Bpos.of(device, bucket));
  }

  /** A bucket, or a part of it, becomes a superblock's or the journal's. */
  public void reserveBucket(int device, long bucket, boolean journal, int sectors) {
    superblockBuckets.add(new SuperblockBucket(device, bucket, journal, sectors));
  }

  /** Buckets of a device that have no key yet are counted as being of that type. */
  public void addBuckets(int device, DataType type, long buckets) {
    added.add(new AddedBuckets(device, type, buckets));
  }

  /** Makes the counter of an inode's extents, which says that there are none. */
  public void countExtents(long inode) {
    counted.add(inode);
  }

  /** The counter of a btree's nodes lacks those, or if negative has them too much. */
  public void countNodes(int btree, long sectors, long nodes, long interior) {
    countedNodes.add(new CountedNodes(btree, sectors, nodes, interior));
  }

  /** This is work that frees journal space or buckets, and may use what is kept for such. */
  public Transaction forReclaim() {
    reclaim = true;
    return this;
  }

  /** Nodes are replaced by others with this commit. */
  void interior(InteriorChange change) {
    interior = change;
  }

  void pointersInNewNodes(List<BtreePointer> pointers) {
    inNewNodes = pointers;
  }

  List<BtreePointer> pointersInNewNodes() {
    return inNewNodes;
  }

  /**
   * Makes the changes, all at once.
   *
   * @return the journal sequence number that must become durable for the changes to be durable
   * @throws TransactionRestartException if what was read has changed
   */
  public long commit() {
    return committer.commit(this);
  }

  boolean isEmpty() {
    return updates.isEmpty()
        && discarded.isEmpty()
        && readBuckets.isEmpty()
        && superblockBuckets.isEmpty()
        && added.isEmpty()
        && counted.isEmpty()
        && countedNodes.isEmpty()
        && corrections.isEmpty()
        && interior == null;
  }

  ReadSet reads() {
    return reads;
  }

  SortedMap<Slot, LiveKey> updates() {
    return updates;
  }

  List<LongConsumer> actions() {
    return onCommit;
  }

  List<Bpos> discarded() {
    return discarded;
  }

  List<Bpos> readBuckets() {
    return readBuckets;
  }

  List<SuperblockBucket> superblockBuckets() {
    return superblockBuckets;
  }

  List<Long> counted() {
    return counted;
  }

  List<AddedBuckets> addedBuckets() {
    return added;
  }

  List<CountedNodes> countedNodes() {
    return countedNodes;
  }

  boolean isAlone(Slot slot) {
    return alone.contains(slot);
  }

  SortedMap<Bpos, long[]> corrections() {
    return corrections;
  }

  InteriorChange interior() {
    return interior;
  }

  boolean isForReclaim() {
    return reclaim;
  }
}
