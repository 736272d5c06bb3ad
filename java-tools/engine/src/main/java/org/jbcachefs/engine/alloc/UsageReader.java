// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/** Reads what space is used for from the accounting btree, the journal's deltas included. */
public final class UsageReader {
  private final Superblock superblock;
  private final List<FilesystemUsage.Reserved> reserved = new ArrayList<>();
  private final List<FilesystemUsage.Replicas> replicas = new ArrayList<>();
  private final List<FilesystemUsage.Compressed> compression = new ArrayList<>();
  private final List<FilesystemUsage.Btree> btrees = new ArrayList<>();
  private final List<FilesystemUsage.Reconcile> reconcile = new ArrayList<>();
  private final Map<Integer, DeviceUsage.Counts[]> devices = new HashMap<>();
  private final Map<Integer, Long> leaving = new HashMap<>();
  private long rebalance;

  private UsageReader(Superblock superblock) {
    this.superblock = superblock;
    for (Member member : superblock.members()) {
      if (member.exists()) {
        DeviceUsage.Counts[] counts = new DeviceUsage.Counts[DataType.values().length];
        Arrays.fill(counts, DeviceUsage.Counts.NONE);
        devices.put(member.index(), counts);
      }
    }
  }

  /**
   * What a filesystem may use and does, in sectors.
   *
   * @param used by data and metadata
   * @param reserved by files' reservations, all copies counted
   */
  public record Budget(long capacity, long used, long reserved) {}

  /**
   * Reads what is needed to know how much may still be written; counters by inode are passed by.
   */
  public static Budget budget(Btrees btrees, Superblock superblock) {
    UsageReader reader = new UsageReader(superblock);
    Bpos from = first(AccountingType.PERSISTENT_RESERVED);
    Bpos to = first(AccountingType.COMPRESSION);
    if (superblock.version() < MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN.number()) {
      from = Bpos.MIN;
      to = Bpos.MAX;
    }
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), from, to)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.ACCOUNTING.number()) {
          reader.add(keys.key());
        }
      }
    }
    SpaceTotals totals = reader.totals(reader.members());
    return new Budget(totals.capacity(), totals.written(), totals.promised());
  }

  /** How many inodes there are, in all snapshots. */
  public static long inodes(Btrees btrees) {
    Bkey key = new Bkey();
    return btrees.lookup(BtreeId.ACCOUNTING.number(), first(AccountingType.NR_INODES), key)
        ? Accounting.counter(key, 0)
        : 0;
  }

  private static Bpos first(AccountingType type) {
    return new AccountingKey(type.number(), new byte[Bpos.BYTES - 1]).pos();
  }

  /** Reads all counters that concern the whole filesystem or a device. */
  public static FilesystemUsage read(Btrees btrees, Superblock superblock) {
    UsageReader reader = new UsageReader(superblock);
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.ACCOUNTING.number()) {
          reader.add(key);
        }
      }
    }
    return reader.usage();
  }

  private void add(Bkey key) {
    AccountingType type = AccountingType.of(AccountingKey.typeOf(key, superblock.version()));
    if (type == null || type == AccountingType.INUM || type == AccountingType.SNAPSHOT) {
      return;
    }
    long first = Accounting.counter(key, 0);
    long second = Accounting.counter(key, 1);
    long third = Accounting.counter(key, 2);
    if ((first | second | third) == 0) {
      return;
    }
    AccountingKey what = AccountingKey.of(key.pos(), superblock.version());
    switch (type) {
      case PERSISTENT_RESERVED -> reserved.add(new FilesystemUsage.Reserved(what.number(), first));
      case REPLICAS -> addReplicas(what.replicas(), first);
      case DEV_DATA_TYPE -> addDevice(what, new DeviceUsage.Counts(first, second, third));
      case COMPRESSION ->
          compression.add(new FilesystemUsage.Compressed(what.number(), first, second, third));
      case BTREE -> btrees.add(new FilesystemUsage.Btree(what.id(), first));
      case REBALANCE_WORK -> rebalance += first;
      case RECONCILE_WORK ->
          reconcile.add(new FilesystemUsage.Reconcile(what.number(), first, second));
      case DEV_LEAVING -> leaving.put(what.id(), first);
      case NR_INODES, INUM, SNAPSHOT -> {}
    }
  }

  private void addReplicas(AccountingKey.Replicas set, long sectors) {
    replicas.add(
        new FilesystemUsage.Replicas(set.dataType(), set.required(), set.devices(), sectors));
  }

  private void addDevice(AccountingKey what, DeviceUsage.Counts counts) {
    DeviceUsage.Counts[] device = devices.get(what.number());
    if (device != null && what.dataType() < device.length) {
      device[what.dataType()] = counts;
    }
  }

  private FilesystemUsage usage() {
    List<DeviceUsage> members = members();
    SpaceTotals totals = totals(members);
    // Before 1.15 the keys were not in the order of what they count.
    reserved.sort((a, b) -> Integer.compare(a.replicas(), b.replicas()));
    btrees.sort((a, b) -> Integer.compareUnsigned(a.btree(), b.btree()));
    return new FilesystemUsage(
        totals.capacity(),
        totals.used(),
        reserved,
        replicas,
        compression,
        btrees,
        rebalance,
        reconcile,
        members);
  }

  private SpaceTotals totals(List<DeviceUsage> members) {
    return new SpaceTotals(superblock, members, replicas, reserved);
  }

  private List<DeviceUsage> members() {
    List<DeviceUsage> members = new ArrayList<>();
    for (Member member : superblock.members()) {
      if (member.exists()) {
        long sectors = leaving.getOrDefault(member.index(), 0L);
        List<DeviceUsage.Counts> counts = withFree(member, devices.get(member.index()));
        members.add(new DeviceUsage(member, counts, sectors));
      }
    }
    return members;
  }

  /** Buckets that nothing was ever counted for are free. */
  private static List<DeviceUsage.Counts> withFree(Member member, DeviceUsage.Counts[] counts) {
    long others = 0;
    for (DataType type : DataType.values()) {
      others += type == DataType.FREE ? 0 : counts[type.number()].buckets();
    }
    long free = Math.max(0, member.nbuckets() - member.firstBucket() - others);
    counts[DataType.FREE.number()] = new DeviceUsage.Counts(free, 0, 0);
    return List.of(counts);
  }
}
