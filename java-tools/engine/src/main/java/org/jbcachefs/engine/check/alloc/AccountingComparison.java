// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingText;
import org.jbcachefs.format.value.AccountingType;

/**
 * The accounting btree against what all keys contribute. Counters by inode are compared by the sum
 * of their hashes, since there is one for every file; those, and up to 1.38 the ones by snapshot,
 * only where no older version wrote them, since kernels never check them and old ones let them
 * drift.
 */
final class AccountingComparison {
  private static final Set<AccountingType> UNCHECKED_BY_KERNELS =
      EnumSet.of(AccountingType.SNAPSHOT, AccountingType.INUM);

  private final CheckContext context;
  private final CounterMap summed;
  private final Buckets buckets;
  private final long inodesHash;
  private final CounterMap accounted = new CounterMap();
  private final int version;
  private final boolean trusted;
  private long accountedInodesHash;

  AccountingComparison(CheckContext context, CounterMap summed, Buckets buckets, long inodesHash) {
    this.context = context;
    this.summed = summed;
    this.buckets = buckets;
    this.inodesHash = inodesHash;
    this.version = context.superblock().version();
    this.trusted =
        version == MetadataVersion.writtenAs(version)
            && context.superblock().versionMin() >= MetadataVersion.CURRENT.number();
  }

  void run() {
    context.stage("accounting");
    read();
    if (Lost.counted(context) || context.damaged().any(BtreeId.ACCOUNTING.number())) {
      return;
    }
    Set<Bpos> positions = new TreeSet<>(Arrays.asList(summed.positions()));
    positions.addAll(Arrays.asList(accounted.positions()));
    for (Bpos pos : positions) {
      compare(pos);
    }
    if (trusted && accountedInodesHash != inodesHash) {
      inodes();
    }
  }

  /** Some inode's counters are wrong: which ones? */
  private void inodes() {
    InodeAccounting inodes = new InodeAccounting(context);
    inodes.run();
    if (inodes.found() == 0) {
      context.report(
          CheckFinding.of(
              FsckError.ACCOUNTING_MISMATCH, "counters by inode do not add up to all extents"));
    }
  }

  private void read() {
    try (KeyIterator keys =
        context.btrees().iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        take(keys.key());
      }
    }
  }

  private void take(Bkey key) {
    if (key.type() != KeyType.ACCOUNTING.number()) {
      return;
    }
    AccountingType type = AccountingType.of(AccountingKey.typeOf(key, version));
    long first = Accounting.counter(key, 0);
    long second = Accounting.counter(key, 1);
    long third = Accounting.counter(key, 2);
    if (type == AccountingType.INUM) {
      if ((first | second | third) != 0) {
        long inode = Long.reverseBytes(key.inode() << 8 | key.offset() >>> 56);
        accountedInodesHash += Hashes.ofInode(inode, first, second, third);
      }
    } else if (type != null) {
      Bpos pos = AccountingKey.of(key.pos(), version).pos();
      accounted.add(pos.inode(), pos.offset(), pos.snapshot(), first, second, third);
    }
  }

  private void compare(Bpos pos) {
    AccountingKey what = AccountingKey.of(pos);
    AccountingType type = AccountingType.of(what.type());
    if (!isCompared(type, what)) {
      return;
    }
    int counters = counters(type);
    boolean same = true;
    for (int i = 0; i < counters; i++) {
      same &= summed.get(pos, i) == accounted.get(pos, i);
    }
    if (!same) {
      context.report(
          CheckFinding.of(
                  FsckError.ACCOUNTING_MISMATCH, AccountingText.of(what) + " by all keys together")
              .at(BtreeId.ACCOUNTING, pos)
              .expected(text(summed, pos, counters))
              .found(text(accounted, pos, counters)));
    }
  }

  private boolean isCompared(AccountingType type, AccountingKey what) {
    return switch (type) {
      case null -> false;
      case REBALANCE_WORK -> false;
      case SNAPSHOT -> trusted || AccountingType.bySnapshotAndBtree(version);
      case INUM -> trusted;
      // Free buckets are not counted one by one.
      case DEV_DATA_TYPE ->
          what.dataType() != DataType.FREE.number()
              && buckets.isMember(what.number())
              && !context.damaged().any(BtreeId.ALLOC.number());
      case REPLICAS -> what.replicas().devices().stream().allMatch(this::isDevice);
      default -> true;
    };
  }

  private boolean isDevice(int device) {
    return device == 255 || buckets.isMember(device);
  }

  /** Btrees had one counter before 1.31. */
  private int counters(AccountingType type) {
    boolean one =
        type == AccountingType.BTREE && !context.since(MetadataVersion.BTREE_NODE_ACCOUNTING);
    return one ? 1 : type.counters(version);
  }

  private static String text(CounterMap counters, Bpos pos, int count) {
    StringJoiner text = new StringJoiner(" ");
    for (int i = 0; i < count; i++) {
      text.add(Long.toString(counters.get(pos, i)));
    }
    return text.toString();
  }

  static boolean isUncheckedByKernels(AccountingType type) {
    return UNCHECKED_BY_KERNELS.contains(type);
  }
}
