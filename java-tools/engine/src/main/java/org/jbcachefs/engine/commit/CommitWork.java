// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jbcachefs.engine.alloc.write.BucketChanges;
import org.jbcachefs.engine.alloc.write.Counters;
import org.jbcachefs.engine.alloc.write.KeyDifference;
import org.jbcachefs.engine.alloc.write.ReconcileTrigger;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.Inode;

/**
 * What happens under the commit lock: validate, compute what follows from the changes, find where
 * every key goes, and only then, when nothing can fail any more, write all into the journal entry
 * and the nodes. Used by the holder of the lock alone.
 */
public final class CommitWork {
  private static final int UPDATES = JsetEntryType.BTREE_KEYS.number();
  private static final int LOG_BYTES = 16;

  private final LiveBtrees btrees;
  private final Journal journal;
  private final JournalPins<LiveNode> pins;
  private final KeyDifference difference;
  private final ReconcileTrigger reconcile;
  private final BucketChanges buckets;
  private final Counters counters;
  private final SpaceBudget budget;
  private final ReplicasEntries replicas;
  private final Clocks clocks;
  private final WriteRules rules;
  private final Consumer<LiveNode> changed;
  private final boolean inodeFlags;
  private final CommitKeys keys;
  private final CounterUpdates counterUpdates;
  private final List<LiveNode> nodes = new ArrayList<>();
  private final Bkey oldKey = new Bkey();
  private final Bkey newKey = new Bkey();
  private final Bkey flagged = new Bkey();

  /** How an attempt ended. */
  enum Kind {
    COMMITTED,
    CHANGED,
    JOURNAL_UNWRITTEN,
    JOURNAL_FULL,
    REPLICAS_MISSING,
    VERSION_MISSING
  }

  /** A replicas entry that the superblock lacks. */
  public record Missing(int dataType, int required, List<Integer> devices) {}

  /** How an attempt ended, and with what. */
  record Outcome(Kind kind, long seq, Missing missing) {
    static Outcome of(Kind kind) {
      return new Outcome(kind, 0, null);
    }
  }

  /**
   * @param version number of the filesystem's version
   * @param changed told of every node that got a key, with the lock held
   */
  public CommitWork(
      LiveBtrees btrees,
      Journal journal,
      JournalPins<LiveNode> pins,
      KeyDifference difference,
      ReconcileTrigger reconcile,
      BucketChanges buckets,
      Counters counters,
      SpaceBudget budget,
      ReplicasEntries replicas,
      Clocks clocks,
      WriteRules rules,
      int version,
      Consumer<LiveNode> changed) {
    this.btrees = btrees;
    this.inodeFlags = version >= MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
    this.journal = journal;
    this.pins = pins;
    this.difference = difference;
    this.reconcile = reconcile;
    this.buckets = buckets;
    this.counters = counters;
    this.budget = budget;
    this.replicas = replicas;
    this.clocks = clocks;
    this.rules = rules;
    this.changed = changed;
    this.keys = new CommitKeys(btrees);
    this.counterUpdates = new CounterUpdates(btrees);
  }

  Outcome run(Transaction transaction) {
    InteriorChange interior = transaction.interior();
    if (interior != null && !interior.isValid()) {
      return Outcome.of(Kind.CHANGED);
    }
    if (rules.hold(WriteRule.VALIDATION) && !transaction.reads().isUnchanged(btrees)) {
      return Outcome.of(Kind.CHANGED);
    }
    Kind room = room(0, transaction);
    if (room != null) {
      return Outcome.of(room);
    }
    // Bucket states carry the sequence number: if their size makes it another one, once more.
    long seq;
    do {
      seq = journal.seq();
      if (!compute(transaction, seq)) {
        return Outcome.of(Kind.VERSION_MISSING);
      }
      Missing missing = missingReplicas();
      if (missing != null) {
        return new Outcome(Kind.REPLICAS_MISSING, 0, missing);
      }
      room = room(bytes(transaction), transaction);
      if (room != null) {
        return Outcome.of(room);
      }
    } while (journal.seq() != seq);
    findNodes();
    if (!transaction.inodeChanges().isEmpty()) {
      transaction.inodeWatch().check(transaction.inodeChanges());
      transaction.onCommit(_ -> transaction.inodeWatch().committed(transaction.inodeChanges()));
    }
    apply(transaction, seq);
    return new Outcome(Kind.COMMITTED, seq, null);
  }

  /** Null if there is room in the journal for that many bytes, else what is to be done. */
  private Kind room(long bytes, Transaction transaction) {
    return switch (journal.reserve(bytes, transaction.isForReclaim())) {
      case THERE -> null;
      case UNWRITTEN_ENTRIES -> Kind.JOURNAL_UNWRITTEN;
      case FULL -> Kind.JOURNAL_FULL;
    };
  }

  private long bytes(Transaction transaction) {
    long bytes = LOG_BYTES + transaction.name().length() + counterUpdates.bytes();
    for (LiveKey key : keys.all().values()) {
      bytes += JsetEntry.BYTES + key.bytes();
    }
    return bytes;
  }

  /**
   * All that follows; nothing is changed yet.
   *
   * @return false if the superblock must name the version first that brought what is used
   */
  private boolean compute(Transaction transaction, long seq) {
    keys.clear();
    buckets.clear();
    counters.clear();
    reconcile.begin();
    boolean noted = false;
    for (Map.Entry<Slot, LiveKey> update : transaction.updates().entrySet()) {
      Slot slot = update.getKey();
      LiveKey key = update.getValue();
      Bkey now = key.isDeleted() ? null : key.read(newKey);
      boolean alone = transaction.isAlone(slot);
      if (now != null && slot.level() == 0 && !alone) {
        now =
            reconcile.noted(slot.btree(), now, (b, pos, out) -> outcome(transaction, b, pos, out));
        if (now != newKey) {
          noted = true;
          key = new LiveKey(now);
        }
      } else if (now != null && !alone) {
        reconcile.node(keys, now);
      }
      boolean had = keys.lookup(slot, oldKey);
      if (!alone) {
        difference.replace(keys, slot.btree(), slot.level(), had ? oldKey : null, now);
      }
      if (had || !key.isDeleted()) {
        keys.put(slot, stamped(key, seq));
      }
    }
    rootChange(transaction.interior());
    for (BtreePointer pointer : transaction.pointersInNewNodes()) {
      difference.replace(keys, pointer.btree(), pointer.level() + 1, null, pointer.toKey());
    }
    for (Bpos bucket : transaction.discarded()) {
      buckets.discarded(keys, (int) bucket.inode(), bucket.offset());
    }
    for (Bpos bucket : transaction.readBuckets()) {
      buckets.read(keys, (int) bucket.inode(), bucket.offset(), clocks.read());
    }
    for (Transaction.SuperblockBucket each : transaction.superblockBuckets()) {
      DataType type = each.journal() ? DataType.JOURNAL : DataType.SB;
      buckets.mark(keys, each.device(), each.bucket(), type, each.sectors());
    }
    for (Transaction.AddedBuckets each : transaction.addedBuckets()) {
      counters.device(each.device(), each.type().number(), each.buckets(), 0, 0);
    }
    for (Transaction.CountedNodes each : transaction.countedNodes()) {
      counters.btree(each.btree(), each.sectors(), each.nodes(), each.interior());
    }
    transaction.counted().forEach(inode -> counters.make(inode));
    transaction.corrections().forEach(counters::correct);
    buckets.apply(keys, counters, seq, clocks.read(), clocks.write());
    if (rules.hold(WriteRule.ACCOUNTING)) {
      counterUpdates.compute(counters);
    } else {
      counterUpdates.clear();
    }
    return !noted || !reconcile.lacksVersion();
  }

  /** Reads a leaf key as the transaction wants it to be. */
  private boolean outcome(Transaction transaction, int btree, Bpos pos, Bkey out) {
    Slot slot = new Slot(btree, 0, pos);
    LiveKey own = transaction.updates().get(slot);
    if (own != null) {
      own.read(out);
      return !own.isDeleted();
    }
    return keys.lookup(slot, out);
  }

  private LiveKey stamped(LiveKey key, long seq) {
    if (key.type() == KeyType.INODE_V3.number()) {
      key.putValueU64(0, seq);
      if (inodeFlags) {
        noteOptions(key);
      }
    }
    return key;
  }

  /** Since 1.39 an inode says whether it has options of its own. */
  private void noteOptions(LiveKey key) {
    Bkey read = key.read(flagged);
    Inode inode = Inode.decode(read);
    if (inode.has(Inode.FLAG_HAS_INODE_OPTS) != inode.hasOptions()) {
      long word = Le.u64(read.segment(), read.valueOffset() + Inode.V3_FLAGS);
      key.putValueU64(Inode.V3_FLAGS, word ^ Inode.FLAG_HAS_INODE_OPTS);
    }
  }

  private void rootChange(InteriorChange interior) {
    if (interior == null || interior.newRoot() == null) {
      return;
    }
    BtreePointer now = interior.newRoot();
    BtreePointer old = interior.oldRoot();
    if (old != null) {
      difference.replace(keys, old.btree(), old.level() + 1, old.toKey(), null);
    }
    reconcile.node(keys, now.toKey());
    difference.replace(keys, now.btree(), now.level() + 1, null, now.toKey());
  }

  /** What the superblock must say before these counters may count it. */
  private Missing missingReplicas() {
    for (Map.Entry<Bpos, long[]> delta : counters.deltas().entrySet()) {
      AccountingKey key = AccountingKey.of(delta.getKey());
      if (key.type() == AccountingType.REPLICAS.number() && delta.getValue()[0] > 0) {
        AccountingKey.Replicas set = key.replicas();
        boolean kept =
            replicas.keeps(set.dataType())
                && !set.devices().isEmpty()
                && !replicas.has(set.dataType(), set.required(), set.devices());
        if (kept) {
          return new Missing(set.dataType(), set.required(), set.devices());
        }
      }
    }
    return null;
  }

  private void findNodes() {
    nodes.clear();
    for (Slot slot : keys.all().keySet()) {
      nodes.add(keys.node(slot));
    }
  }

  /** From here on nothing fails. */
  private void apply(Transaction transaction, long seq) {
    budget.apply(counters);
    JsetBuilder builder = journal.builder();
    if (!transaction.name().isEmpty()) {
      builder.value(new JsetValue.Log(transaction.name()));
    }
    int next = 0;
    for (Map.Entry<Slot, LiveKey> entry : keys.all().entrySet()) {
      Slot slot = entry.getKey();
      entry.getValue().read(newKey);
      builder.entry(UPDATES, slot.btree(), slot.level()).key(newKey);
      insert(nodes.get(next++), entry.getValue(), seq);
    }
    counterUpdates.apply(builder, seq, (node, key) -> insert(node, key, seq));
    if (transaction.interior() != null) {
      transaction.interior().apply(seq);
    }
    for (LongConsumer action : transaction.actions()) {
      action.accept(seq);
    }
  }

  private void insert(LiveNode node, LiveKey key, long seq) {
    if (node.insert(key, seq)) {
      pins.pin(seq, node);
    }
    changed.accept(node);
  }
}
