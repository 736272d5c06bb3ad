// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.List;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;

/**
 * How much a filesystem can hold and holds, as df shows it: part of every device is kept for moving
 * data about. All in sectors. Source: {@code bch2_recalc_capacity}, {@code
 * bch2_fs_usage_read_short}.
 */
final class SpaceTotals {
  /** Btree nodes that one device reserves room for: four times what a split of all levels takes. */
  private static final int NODE_RESERVE = 4 * (4 + 3);

  /** Open buckets that are always there: for btree nodes, copygc, reconcile. */
  private static final int WRITE_POINTS = 3;

  /** One 64th of a device is copygc's, and reservations need one 64th more than they ask for. */
  private static final int SHARE_SHIFT = 6;

  private final Superblock superblock;
  private final List<DeviceUsage> devices;
  private final List<FilesystemUsage.Replicas> replicas;
  private final List<FilesystemUsage.Reserved> reserved;

  SpaceTotals(
      Superblock superblock,
      List<DeviceUsage> devices,
      List<FilesystemUsage.Replicas> replicas,
      List<FilesystemUsage.Reserved> reserved) {
    this.superblock = superblock;
    this.devices = devices;
    this.replicas = replicas;
    this.reserved = reserved;
  }

  long capacity() {
    long whole = 0;
    long reserve = 0;
    for (DeviceUsage device : devices) {
      Member member = device.member();
      if (member.state() == MemberState.RW && member.durability() != 0) {
        whole += (member.nbuckets() - member.firstBucket()) * member.bucketSectors();
        reserve += reserve(member);
      }
    }
    reserve = Math.min(whole, Math.max(reserve, copygcReserve(whole)));
    return Math.max(0, whole - reserve - hidden());
  }

  private long reserve(Member member) {
    int nodesInBucket = Math.max(1, member.bucketSectors() / (superblock.btreeNodeBytes() >> 9));
    long nodeBuckets = (NODE_RESERVE + nodesInBucket - 1L) / nodesInBucket;
    long buckets = 2 * nodeBuckets + (member.nbuckets() >> SHARE_SHIFT) + WRITE_POINTS;
    return 2 * buckets * member.bucketSectors();
  }

  private long copygcReserve(long whole) {
    long bytes = superblock.option(FilesystemOption.GC_RESERVE_BYTES).orElse(0);
    long percent = superblock.option(FilesystemOption.GC_RESERVE_PERCENT).orElse(0);
    return bytes != 0 ? bytes >> 9 : whole * percent / 100;
  }

  /** Whole buckets of superblocks and journals. */
  private long hidden() {
    long hidden = 0;
    for (DeviceUsage device : devices) {
      long buckets = device.of(DataType.SB).buckets() + device.of(DataType.JOURNAL).buckets();
      hidden += buckets * device.member().bucketSectors();
    }
    return hidden;
  }

  long used() {
    long promised = promised();
    long share = 1L << SHARE_SHIFT;
    promised += (promised + share - 1) / share;
    return Math.min(capacity(), written() + promised);
  }

  /** What data and metadata take. */
  long written() {
    long used = 0;
    for (FilesystemUsage.Replicas set : replicas) {
      DataType type = DataType.of(set.dataType());
      if (type == DataType.BTREE || type == DataType.USER || type == DataType.PARITY) {
        used += set.sectors();
      }
    }
    return used;
  }

  /** What reservations keep, each copy counted. */
  long promised() {
    long promised = 0;
    for (FilesystemUsage.Reserved reservation : reserved) {
      promised += reservation.replicas() * reservation.sectors();
    }
    return promised;
  }
}
