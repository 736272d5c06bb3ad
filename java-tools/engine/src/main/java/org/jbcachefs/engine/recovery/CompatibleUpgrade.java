// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.AllocV4;

/**
 * Brings a filesystem that a kernel of 1.28 left to this version: list need_discard is written anew
 * in the order of journal sequence numbers (1.38), and the counters of btrees get the number of
 * their nodes (1.31). Filesystems for such kernels have nothing else that is of another form. An
 * upgrade that was cut off is done again from the beginning.
 */
final class CompatibleUpgrade {
  /** From there on what is written below is all that a required pass would find. */
  private static final int OLDEST = MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number();

  private static final Set<RecoveryPass> COVERED =
      EnumSet.of(
          RecoveryPass.CHECK_ALLOCATIONS,
          RecoveryPass.CHECK_ALLOC_INFO,
          RecoveryPass.CHECK_ALLOC_TO_LRU_REFS,
          RecoveryPass.CHECK_RECONCILE_WORK);

  /** The only way in which kernels of that time counted backpointers. */
  private static final int OLD_BP_SHIFT = 10;

  private static final int DEVICE_SHIFT = 48;

  /** Changes in one transaction. */
  private static final int BATCH = 64;

  private final LiveBtrees btrees;
  private final Committer committer;
  private final long nodeSectors;

  private CompatibleUpgrade(LiveBtrees btrees, Committer committer, Superblock superblock) {
    this.btrees = btrees;
    this.committer = committer;
    this.nodeSectors = superblock.btreeNodeBytes() >> 9;
  }

  /** Whether the filesystem is older than this version, or an upgrade was not finished. */
  static boolean isNeeded(Superblock superblock) {
    int wanted = MetadataVersion.writtenAs(superblock.version());
    return superblock.version() < wanted
        || superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE) < wanted;
  }

  /**
   * Refuses what cannot be upgraded.
   *
   * @throws RefusedException naming the passes that would have to be run, or the policy
   */
  static void check(Superblock superblock, Btrees btrees) {
    Optional<String> obstacle = obstacle(superblock, btrees);
    if (obstacle.isPresent()) {
      throw refused(superblock, obstacle.get());
    }
  }

  /** Why it cannot be upgraded in this way, if so: a part of a sentence. */
  static Optional<String> obstacle(Superblock superblock, Btrees btrees) {
    UpgradePolicy policy = VersionPlan.policyOf(superblock);
    int newest = MetadataVersion.writtenAs(superblock.version());
    VersionPlan plan = VersionPlan.of(superblock, policy, newest);
    List<RecoveryPass> passes = new ArrayList<>(RecoveryPass.inWord(plan.passes()));
    passes.removeAll(COVERED);
    if (plan.from() < OLDEST || !passes.isEmpty()) {
      return Optional.of("an upgrade would have to run " + RecoveryPass.inWord(plan.passes()));
    }
    if (policy != UpgradePolicy.COMPATIBLE) {
      return Optional.of("its option version_upgrade is " + policy);
    }
    if (superblock.extentBpShift() != OLD_BP_SHIFT) {
      return Optional.of("its backpointers would have to be written anew");
    }
    try (KeyIterator work = btrees.iterate(BtreeId.RECONCILE_WORK.number(), Bpos.MIN, Bpos.MAX)) {
      return work.next()
          ? Optional.of("background work of version 1.28 is waiting in it")
          : Optional.empty();
    }
  }

  private static RefusedException refused(Superblock superblock, String why) {
    return new RefusedException(
        "upgrade_required",
        superblock.place(),
        "the filesystem is at version "
            + MetadataVersion.describe(superblock.version())
            + " and cannot be upgraded on the way: "
            + why
            + "; it can be read, and upgrade may bring it here");
  }

  /** What is written from now on is of this version. */
  static void begin(SuperblockWriter superblock) {
    superblock.update(editor -> {
      editor.version(MetadataVersion.CURRENT.number());
      editor.section(ExtentTypesSection.known());
    });
  }

  /** Writes anew what is of another form, and then says that it has been done. */
  static void finish(SuperblockWriter superblock, LiveBtrees btrees, Committer committer) {
    CompatibleUpgrade upgrade = new CompatibleUpgrade(btrees, committer, superblock.current());
    upgrade.needDiscard();
    upgrade.nodeCounters();
    superblock.update(editor ->
        editor.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, MetadataVersion.CURRENT.number()));
  }

  private void needDiscard() {
    Set<Bpos> wanted = new TreeSet<>();
    try (KeyIterator buckets = btrees.iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
      while (buckets.next()) {
        AllocV4 bucket = AllocV4.of(buckets.key());
        if (bucket.dataType() == DataType.NEED_DISCARD.number()) {
          long id = buckets.key().inode() << DEVICE_SHIFT | buckets.key().offset();
          wanted.add(Bpos.of(bucket.journalSeqEmpty(), id));
        }
      }
    }
    List<Bpos> changes = new ArrayList<>(wanted);
    try (KeyIterator keys = btrees.iterate(BtreeId.NEED_DISCARD.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bpos pos = keys.key().pos();
        if (!changes.remove(pos)) {
          changes.add(pos);
        }
      }
    }
    for (int from = 0; from < changes.size(); from += BATCH) {
      List<Bpos> part = changes.subList(from, Math.min(changes.size(), from + BATCH));
      committer.transact("upgrade", transaction -> change(transaction, part, wanted));
    }
  }

  private static Void change(Transaction transaction, List<Bpos> positions, Set<Bpos> wanted) {
    for (Bpos pos : positions) {
      if (wanted.contains(pos)) {
        transaction.update(
            BtreeId.NEED_DISCARD, new Bkey().setPos(pos).setType(KeyType.SET.number()));
      } else {
        transaction.delete(BtreeId.NEED_DISCARD, pos);
      }
    }
    return null;
  }

  /** What the counters of btrees lack, all in one transaction, since that makes nodes itself. */
  private void nodeCounters() {
    Map<Integer, long[]> lack = new TreeMap<>();
    for (int btree : btrees.present()) {
      countNodes(btree, lack);
    }
    int type = AccountingType.BTREE.number();
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        AccountingKey counter = AccountingKey.of(key.pos());
        if (counter.type() == type) {
          long[] sums = lack.computeIfAbsent(counter.id(), _ -> new long[3]);
          for (int i = 0; i < sums.length && i * Long.BYTES < key.valueBytes(); i++) {
            sums[i] -= Le.u64(key.segment(), key.valueOffset() + (long) i * Long.BYTES);
          }
        }
      }
    }
    Transaction transaction = committer.begin("upgrade");
    lack.forEach((btree, sums) -> transaction.countNodes(btree, sums[0], sums[1], sums[2]));
    transaction.commit();
  }

  private void countNodes(int btree, Map<Integer, long[]> into) {
    LiveNode root = btrees.root(btree);
    if (root == null) {
      return;
    }
    long[] sums = into.computeIfAbsent(btree, _ -> new long[3]);
    count(root.pointer(), sums);
    for (int level = root.level(); level > 0; level--) {
      try (KeyIterator nodes = btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
        while (nodes.next()) {
          count(BtreePointer.parse(btree, level - 1, nodes.key(), Place.NOWHERE), sums);
        }
      }
    }
  }

  private void count(BtreePointer node, long[] sums) {
    sums[0] += nodeSectors * node.replicas().size();
    sums[1]++;
    sums[2] += node.level() > 0 ? 1 : 0;
  }
}
