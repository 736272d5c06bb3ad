// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.tables.MetadataVersion;

/** What accounting counts, and in how many counters. Source: {@code BCH_DISK_ACCOUNTING_TYPES}. */
public enum AccountingType {
  /** Inodes of the filesystem. */
  NR_INODES(0, 1),
  /** Sectors of reservations, by number of replicas. */
  PERSISTENT_RESERVED(1, 1),
  /** Sectors by data type and set of devices. */
  REPLICAS(2, 1),
  /** Buckets, live sectors and fragmented sectors, by device and data type. */
  DEV_DATA_TYPE(3, 3),
  /** Extents, uncompressed and compressed sectors, by compression type. */
  COMPRESSION(4, 3),
  /** Sectors by snapshot; since 1.39 keys, their bytes and sectors by snapshot and btree. */
  SNAPSHOT(5, 1),
  /** Sectors, nodes and interior nodes by btree. */
  BTREE(6, 3),
  /** Sectors that reconcile's forerunner still had to move. */
  REBALANCE_WORK(7, 1),
  /** Extents, sum of their sizes, sectors on disk, by inode number. */
  INUM(8, 3),
  /** Sectors that reconcile has to work on, by reason. */
  RECONCILE_WORK(9, 2),
  /** Sectors on a device that is being emptied. */
  DEV_LEAVING(10, 1);

  /** Counters in a key, at most. */
  public static final int MAX_COUNTERS = 3;

  private static final AccountingType[] BY_NUMBER = values();

  private final int number;
  private final int counters;

  AccountingType(int number, int counters) {
    this.number = number;
    this.counters = counters;
  }

  public int number() {
    return number;
  }

  /** How many counters its keys have, up to 1.38. */
  public int counters() {
    return counters;
  }

  /**
   * How many counters its keys have in a filesystem of some version.
   *
   * @param version number of the version
   */
  public int counters(int version) {
    return this == SNAPSHOT && bySnapshotAndBtree(version) ? MAX_COUNTERS : counters;
  }

  /** Whether keys of {@link #SNAPSHOT} are of a snapshot and a btree in that version. */
  public static boolean bySnapshotAndBtree(int version) {
    return version >= MetadataVersion.PER_DEV_FRAGMENTATION_LRU.number();
  }

  /** The type with that number, or null for one that is not known. */
  public static AccountingType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
