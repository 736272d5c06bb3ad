// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.engine.btree.live.NodeMissException;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.InteriorChange;
import org.jbcachefs.engine.commit.InteriorTransaction;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Writes nodes: those that have grown, those that the journal waits for, and at the end all.
 * Whichever thread finds that there is work does it; a node is written by one at a time.
 */
public final class NodeWork {
  /** Full buckets of the journal, in percent, at which nodes are written ahead of need. */
  private static final int RECLAIM_PERCENT = 50;

  /** Nodes written before the entry that says so: a small part of what is kept free. */
  private static final int RECLAIM_BATCH = 8;

  /** The same, at which it is done by whoever commits, however many others would. */
  private static final int RECLAIM_NOW_PERCENT = 75;

  /** And at which that is enough. */
  private static final int ENOUGH_PERCENT = 35;

  /** How many sequence numbers a bset may be ahead of what is durable. */
  private static final long SEQS_AHEAD = 32;

  /** A leaf is written anew for counters that are a part so large of what it can hold. */
  private static final int DEAD_SHARE = 8;

  /** So many nodes may wait for another thread to write them. */
  private static final int WAITING_MOST = 32;

  /** A node may have so many times more unwritten keys while it waits for another thread. */
  private static final int WAITING_TAILS = 2;

  /** Larger than any node; three of them can be added up. */
  private static final long NONE = 1L << 40;

  /** Keys of a leaf that are deleted before anybody looks at how much is left of it. */
  private static final int DELETIONS_LEAST = 8;

  private final LiveBtrees btrees;
  private final Journal journal;
  private final JournalPins<LiveNode> pins;
  private final NodeSettings settings;
  private final NodeStorage storage;
  private final NodeAppend append;
  private final WriteRules rules;
  private final ReentrantLock lock;
  private final SequencedSet<LiveNode> grown = new LinkedHashSet<>();
  private final SequencedSet<LiveNode> shrunk = new LinkedHashSet<>();
  private final ZeroedLeaves zeroed = new ZeroedLeaves();
  private final ReentrantLock reclaiming = new ReentrantLock();
  private Committer committer;
  private Runnable elsewhere;

  /** Whether nodes wait, and whether they must not do so any longer; changed under the lock. */
  private volatile boolean waiting;

  private volatile boolean urgent;

  public NodeWork(
      LiveBtrees btrees,
      Journal journal,
      JournalPins<LiveNode> pins,
      NodeSettings settings,
      NodeStorage storage,
      WriteRules rules) {
    this.btrees = btrees;
    this.journal = journal;
    this.pins = pins;
    this.settings = settings;
    this.storage = storage;
    this.append = new NodeAppend(settings, storage);
    this.rules = rules;
    this.lock = btrees.lock();
  }

  /** Who commits pointers; once, before anything else. */
  public void commitWith(Committer other) {
    committer = other;
  }

  /**
   * From now on another thread sees to nodes, unless it is urgent, so that those who commit do not
   * wait for devices.
   *
   * @param told called by whoever commits while there is something to do, often; the other thread
   *     is to call {@link #work} then
   */
  public void elsewhere(Runnable told) {
    elsewhere = told;
  }

  /** A node got a key; with the commit lock held. */
  public void changed(LiveNode node) {
    long tail = node.content().tail().bytes();
    boolean large = tail > settings.tailBytesMost();
    if (large || !hasRoom(node, tail)) {
      grown.add(node);
      waiting = true;
      urgent |= tail > WAITING_TAILS * settings.tailBytesMost() || grown.size() > WAITING_MOST;
    }
    if (node.hasShrunk(node.level() == 0 ? DELETIONS_LEAST : 1)) {
      mayMerge(node);
    }
    if (node.wasZeroed()) {
      zeroed.add(node, journal.seq());
    }
  }

  /** Whether a node holds so little that it may become one with a neighbour; under the lock. */
  private void mayMerge(LiveNode node) {
    if (btrees.root(node.btree()) != node
        && node.pointer() != null
        && node.content().liveBytes() <= settings.keyBytesSmall()) {
      shrunk.add(node);
      waiting = true;
      urgent |= shrunk.size() > WAITING_MOST;
    }
  }

  private boolean hasRoom(LiveNode node, long tail) {
    return node.pointer() == null
        ? tail <= settings.keyBytesWanted()
        : NodeAppend.fits(settings.context(), node);
  }

  /** Sees to it that nodes that have grown are written, and the journal is not getting full. */
  public void afterCommit() {
    int full = journal.lastFillPercent();
    if (!waiting && full <= RECLAIM_PERCENT) {
      return;
    }
    boolean mayWait = elsewhere != null && !urgent && full <= RECLAIM_NOW_PERCENT;
    if (mayWait && storage.hasRoomFor(2 * WAITING_MOST)) {
      elsewhere.run();
    } else {
      work();
    }
  }

  /** Writes nodes that have grown, and frees the journal if it is getting full. */
  public void work() {
    LiveNode node = nextGrown();
    while (node != null) {
      ensureJournalRoom();
      write(node);
      node = nextGrown();
    }
    node = nextShrunk();
    while (node != null) {
      ensureJournalRoom();
      mergeIfRoom(node, false);
      node = nextShrunk();
    }
    if (journalFill() > RECLAIM_PERCENT && reclaiming.tryLock()) {
      try {
        reclaim();
      } finally {
        reclaiming.unlock();
      }
    }
  }

  private LiveNode nextGrown() {
    lock.lock();
    try {
      return grown.isEmpty() ? null : grown.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  private LiveNode nextShrunk() {
    lock.lock();
    try {
      if (!shrunk.isEmpty()) {
        return shrunk.removeFirst();
      }
      waiting = !grown.isEmpty();
      urgent = false;
      return null;
    } finally {
      lock.unlock();
    }
  }

  private int journalFill() {
    lock.lock();
    try {
      return journal.fillPercent();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sees to it that work that may use the journal's reserve does not live on it; before such work
   * begins, since what is under way cannot be waited for.
   */
  public void ensureJournalRoom() {
    if (!reclaiming.isHeldByCurrentThread() && journal.isShort()) {
      freeJournal();
    }
  }

  /** The work that frees the journal has no room itself: what is written by now may be enough. */
  private void freeByAnEmptyEntry() {
    long before = neededSeq();
    journal.flushNow();
    if (neededSeq() == before) {
      throw new PosixException(
          PosixError.ENOSPC, "the journal is too small for the work that makes room in it");
    }
  }

  private long neededSeq() {
    lock.lock();
    try {
      return journal.neededSeq();
    } finally {
      lock.unlock();
    }
  }

  /** Frees journal buckets, unless somebody else just did. */
  public void freeJournal() {
    if (reclaiming.isHeldByCurrentThread()) {
      freeByAnEmptyEntry();
      return;
    }
    reclaiming.lock();
    try {
      if (journal.isShort()) {
        journal.flushNow();
        reclaim();
      }
    } finally {
      reclaiming.unlock();
    }
  }

  /** Writes the nodes that need the oldest bucket, bucket after bucket, until enough are free. */
  private void reclaim() {
    storage.activity().count(PersistentCounter.JOURNAL_RECLAIM_START);
    reclaimOldest();
    storage.activity().count(PersistentCounter.JOURNAL_RECLAIM_FINISH);
  }

  private void reclaimOldest() {
    long before;
    long after;
    do {
      List<LiveNode> oldest;
      lock.lock();
      try {
        before = journal.neededSeq();
        oldest = pins.holders(journal.nextToFree(), Integer.MAX_VALUE);
      } finally {
        lock.unlock();
      }
      for (int from = 0; from < oldest.size(); from += RECLAIM_BATCH) {
        int to = Math.min(oldest.size(), from + RECLAIM_BATCH);
        oldest.subList(from, to).forEach(this::write);
        journal.flushNow();
      }
      lock.lock();
      try {
        after = journal.neededSeq();
      } finally {
        lock.unlock();
      }
    } while (after != before && journalFill() > ENOUGH_PERCENT);
  }

  /** Writes every node that has unwritten keys, until none has. */
  public void writeAll() {
    while (true) {
      List<LiveNode> dirty;
      lock.lock();
      try {
        dirty = new ArrayList<>(pins.holders(-1, Integer.MAX_VALUE));
      } finally {
        lock.unlock();
      }
      if (dirty.isEmpty()) {
        return;
      }
      // Leaves first: writing one changes its parent.
      dirty.sort((a, b) -> Integer.compare(a.level(), b.level()));
      int lowest = dirty.getFirst().level();
      for (LiveNode node : dirty) {
        if (node.level() == lowest) {
          ensureJournalRoom();
          write(node);
        }
      }
    }
  }

  /**
   * Frees the room of counters that are zero and that the journal does not need any more. Where
   * nothing was committed since this was called last, the nodes are written that keep the journal
   * from not needing them.
   *
   * @return whether any leaf was looked at
   */
  public boolean dropDeadCounters() {
    if (zeroed.isEmpty()) {
      return false;
    }
    boolean idle;
    long newest;
    lock.lock();
    try {
      newest = zeroed.newestSeq();
      idle = zeroed.isIdle(journal.newestSeq());
    } finally {
      lock.unlock();
    }
    if (idle && Long.compareUnsigned(neededSeq(), newest) <= 0) {
      writeUpTo(newest);
    }
    List<ZeroedLeaves.Leaf> leaves;
    lock.lock();
    try {
      leaves = zeroed.take(journal.neededSeq());
    } finally {
      lock.unlock();
    }
    leaves.forEach(this::dropDeadCounters);
    return !leaves.isEmpty();
  }

  /** Writes what keeps entries up to that one in the journal. */
  private void writeUpTo(long seq) {
    List<LiveNode> holders;
    lock.lock();
    try {
      holders = pins.holders(seq, Integer.MAX_VALUE);
    } finally {
      lock.unlock();
    }
    for (LiveNode node : holders) {
      ensureJournalRoom();
      write(node);
    }
    ensureJournalRoom();
    journal.flushNow();
  }

  private void dropDeadCounters(ZeroedLeaves.Leaf leaf) {
    Bpos at = leaf.min();
    while (at != null && at.compareTo(leaf.max()) <= 0) {
      LiveNode node = btrees.find(BtreeId.ACCOUNTING.number(), 0, at);
      if (node == null) {
        return;
      }
      ensureJournalRoom();
      boolean many = dead().deadBytes(node.content()) >= settings.keyBytesMost() / DEAD_SHARE;
      mergeIfRoom(node, many);
      at = node.max().equals(Bpos.MAX) ? null : node.max().successor();
    }
  }

  /** Writes what of a node is not written; does nothing if somebody else is doing so. */
  public void write(LiveNode node) {
    NodeContent content;
    BtreePointer pointer;
    long newest;
    boolean fits;
    lock.lock();
    try {
      if (node.busy() || node.replaced() || node.content().tail().isEmpty()) {
        return;
      }
      pointer = node.pointer();
      fits = NodeAppend.fits(settings.context(), node) && storage.isWhole(pointer.replicas());
      node.beginWrite();
      content = node.content();
      newest = node.newestSeq();
    } finally {
      lock.unlock();
    }
    if (!fits || !append(node, pointer, content, newest)) {
      replace(node, content, newest);
    }
  }

  /** Writes a node anew to another place, whatever it holds; for repairs. */
  public void rewrite(LiveNode node) {
    NodeContent content;
    long newest;
    ensureJournalRoom();
    lock.lock();
    try {
      if (node.busy() || node.replaced() || node.pointer() == null) {
        return;
      }
      node.beginWrite();
      content = node.content();
      newest = node.newestSeq();
    } finally {
      lock.unlock();
    }
    replace(node, content, newest, List.of());
  }

  /** False if no device takes it where the node is: it has to go elsewhere. */
  private boolean append(LiveNode node, BtreePointer pointer, NodeContent content, long newest) {
    boolean done = false;
    try {
      keepNearDurable(newest);
      NodeAppend.Written written = appended(node, pointer, content, newest);
      if (written == null) {
        done = true;
        return false;
      }
      boolean root = btrees.root(node.btree()) == node;
      InteriorTransaction transaction =
          new InteriorTransaction(
              committer, "btree_node_write", new Append(node, pointer, root, content, written));
      if (!root && rules.hold(WriteRule.SECTORS_WRITTEN)) {
        transaction.update(node.btree(), node.level() + 1, written.pointer().toKey());
      }
      transaction.commit();
      done = true;
      return true;
    } finally {
      if (!done) {
        abort(List.of(node));
      }
    }
  }

  private NodeAppend.Written appended(
      LiveNode node, BtreePointer pointer, NodeContent content, long newest) {
    try {
      return append.write(node, pointer, content, stamped(newest));
    } catch (DeviceException _) {
      return null;
    }
  }

  private void abort(List<LiveNode> nodes) {
    lock.lock();
    try {
      nodes.forEach(LiveNode::abortWrite);
    } finally {
      lock.unlock();
    }
  }

  /** The number that a set of keys says it has. */
  private long stamped(long seq) {
    return rules.hold(WriteRule.NEAR_DURABLE) ? seq : seq + 2 * SEQS_AHEAD;
  }

  /** A node is never written with numbers so new that a crash might let them be used again. */
  private void keepNearDurable(long seq) {
    if (Long.compareUnsigned(seq, SEQS_AHEAD) > 0) {
      journal.flush(seq - SEQS_AHEAD);
    }
  }

  /** What the append changes in memory. */
  private final class Append implements InteriorChange {
    private final LiveNode node;
    private final BtreePointer before;
    private final boolean root;
    private final boolean moves;
    private final NodeContent content;
    private final NodeAppend.Written written;

    private Append(
        LiveNode node,
        BtreePointer before,
        boolean root,
        NodeContent content,
        NodeAppend.Written written) {
      this.node = node;
      this.before = before;
      this.root = root;
      this.moves = !written.pointer().replicas().equals(before.replicas());
      this.content = content;
      this.written = written;
    }

    /** What points to a root is not in any node: copies that it loses are told here. */
    @Override
    public BtreePointer oldRoot() {
      return root && moves ? before : null;
    }

    @Override
    public BtreePointer newRoot() {
      return root && moves ? written.pointer() : null;
    }

    @Override
    public void apply(long seq) {
      long held = content.written().heldBytes();
      pins.unpin(node.oldestSeq(), node);
      NodeContent now = NodeContent.of(written.node(), node.content().tail().since(content.tail()));
      if (moves && !root) {
        // In memory it is known by its first copy.
        btrees.remove(node);
      }
      node.endWrite(written.pointer(), now);
      if (moves && !root) {
        btrees.add(node);
      }
      if (node.oldestSeq() != 0) {
        pins.pin(node.oldestSeq(), node);
      }
      if (!moves || root) {
        btrees.resized(node, written.node().heldBytes() - held);
      }
      mayMerge(node);
    }
  }

  /**
   * Writes a node anew, elsewhere, if one of its copies is where it should not be. Does nothing if
   * somebody else is writing it.
   *
   * @param level of the node
   */
  public void rewrite(int btree, int level, Bpos pos, Predicate<BtreePointer.Replica> misplaced) {
    ensureJournalRoom();
    LiveNode node = btrees.find(btree, level, pos);
    if (node == null) {
      return;
    }
    NodeContent content;
    long newest;
    lock.lock();
    try {
      boolean there =
          node.pointer() != null && node.pointer().replicas().stream().anyMatch(misplaced);
      if (!there || node.busy() || node.replaced()) {
        return;
      }
      node.beginWrite();
      content = node.content();
      newest = node.newestSeq();
    } finally {
      lock.unlock();
    }
    storage.activity().count(PersistentCounter.BTREE_NODE_REWRITE);
    replace(node, content, newest);
  }

  /** On a full device small nodes may have to stay as many. */
  private void mergeIfRoom(LiveNode node, boolean always) {
    storage.activity().count(PersistentCounter.BTREE_NODE_MERGE_ATTEMPT);
    try {
      merge(node, always);
    } catch (PosixException e) {
      if (e.error() != PosixError.ENOSPC) {
        throw e;
      }
    }
  }

  /**
   * Puts fewer nodes in the place of one that holds little and of its neighbours, if it can be.
   *
   * @param always whether it is written anew even if it cannot
   */
  private void merge(LiveNode node, boolean always) {
    NodeContent content;
    long newest;
    lock.lock();
    try {
      boolean lone = btrees.root(node.btree()) == node || node.pointer() == null;
      if (node.busy() || node.replaced() || (lone && !always)) {
        return;
      }
      node.beginWrite();
      content = node.content();
      newest = node.newestSeq();
    } finally {
      lock.unlock();
    }
    List<LiveNode> siblings = smallSiblings(node, content);
    if (siblings.isEmpty() && !always) {
      abort(List.of(node));
    } else {
      replace(node, content, newest, siblings);
    }
  }

  /** Puts new nodes in the place of one, and of neighbours where all hold little. */
  private void replace(LiveNode node, NodeContent content, long newest) {
    replace(node, content, newest, smallSiblings(node, content));
  }

  private void replace(LiveNode node, NodeContent content, long newest, List<LiveNode> siblings) {
    List<LiveNode> old = new ArrayList<>(List.of(node));
    List<NodeContent> contents = new ArrayList<>(List.of(content));
    long seq = newest;
    for (LiveNode sibling : siblings) {
      boolean before = sibling.max().compareTo(node.min()) < 0;
      old.add(before ? 0 : old.size(), sibling);
      contents.add(before ? 0 : contents.size(), sibling.content());
      seq = Long.compareUnsigned(sibling.newestSeq(), seq) > 0 ? sibling.newestSeq() : seq;
    }
    boolean begun = false;
    try {
      keepNearDurable(seq);
      begun = true;
    } finally {
      if (!begun) {
        abort(old);
      }
    }
    new NodeReplacement(btrees, committer, pins, settings, storage, old, contents, dead())
        .run(stamped(seq));
    if (!siblings.isEmpty()) {
      lookAgain(old.getFirst());
    }
  }

  /** What new nodes do without. */
  private DeadCounters dead() {
    return new DeadCounters(rules.hold(WriteRule.DEAD_COUNTERS) ? neededSeq() : Long.MAX_VALUE);
  }

  /** What became of two may become one with the next. */
  private void lookAgain(LiveNode old) {
    lock.lock();
    try {
      LiveNode merged = btrees.findInMemory(old.btree(), old.level(), old.min());
      if (merged != null) {
        mayMerge(merged);
      }
    } catch (NodeMissException _) {
      // It has left the memory already.
      return;
    } finally {
      lock.unlock();
    }
  }

  /** Neighbours under the same parent that this one becomes fewer nodes with; made busy. */
  private List<LiveNode> smallSiblings(LiveNode node, NodeContent content) {
    DeadCounters dead = dead();
    long bytes = dead.liveBytes(node, content);
    if (bytes > settings.keyBytesMerged()) {
      return List.of();
    }
    lock.lock();
    try {
      List<LiveNode> siblings =
          chosen(dead, bytes, idleNeighbour(node, false), idleNeighbour(node, true));
      siblings.forEach(LiveNode::beginWrite);
      return siblings;
    } finally {
      lock.unlock();
    }
  }

  /** What makes most of the least that is written. */
  private List<LiveNode> chosen(DeadCounters dead, long bytes, LiveNode previous, LiveNode next) {
    long before = previous == null ? NONE : dead.liveBytes(previous, previous.content());
    long after = next == null ? NONE : dead.liveBytes(next, next.content());
    long three = bytes + before + after;
    if (three <= settings.keyBytesOfThreeInOne()) {
      return List.of(previous, next);
    }
    if (bytes + after <= settings.keyBytesMerged()) {
      return List.of(next);
    }
    if (bytes + before <= settings.keyBytesMerged()) {
      return List.of(previous);
    }
    return bytes <= settings.keyBytesSmall() && three <= settings.keyBytesOfThreeInTwo()
        ? List.of(previous, next)
        : List.of();
  }

  /** Null if there is none, or nobody may touch it now. */
  private LiveNode idleNeighbour(LiveNode node, boolean after) {
    try {
      LiveNode neighbour = neighbour(node, after ? node.max() : node.min(), after);
      return neighbour == null || neighbour.busy() ? null : neighbour;
    } catch (NodeMissException _) {
      // Merging is worth no reading.
      return null;
    }
  }

  private LiveNode neighbour(LiveNode node, Bpos edge, boolean after) {
    if (edge.equals(after ? Bpos.MAX : Bpos.MIN) || isShardBoundary(node, after)) {
      return null;
    }
    LiveNode parent = btrees.findInMemory(node.btree(), node.level() + 1, edge);
    Bpos beyond = after ? edge.successor() : edge.predecessor();
    boolean sameParent =
        parent != null
            && parent.min().compareTo(beyond) <= 0
            && parent.max().compareTo(beyond) >= 0;
    return sameParent ? btrees.findInMemory(node.btree(), node.level(), beyond) : null;
  }

  /** Inode numbers of different shards stay in different nodes. */
  private boolean isShardBoundary(LiveNode node, boolean after) {
    BtreeId btree = BtreeId.of(node.btree());
    if (!settings.isSharded(btree, node.level())) {
      return false;
    }
    Bpos first = after ? node.max().successor() : node.min();
    long inode = btree == BtreeId.INODES ? first.offset() : first.inode();
    return Long.numberOfTrailingZeros(inode) >= 63 - settings.shardBits();
  }
}
