// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import static org.jbcachefs.format.tables.VersionStep.passes;
import static org.jbcachefs.format.tables.VersionStep.step;

import java.util.List;

/**
 * What an older implementation must check when it takes over from a newer one; written into the
 * superblock, where the older one finds it. Source: {@code DOWNGRADE_TABLE}.
 */
public final class DowngradeTable {
  /** Steps for going back below a version. */
  public static final List<VersionStep> STEPS =
      List.of(
          step(MetadataVersion.BUCKET_STRIPE_SECTORS, passes()),
          step(
              MetadataVersion.DISK_ACCOUNTING_V2,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.DEV_USAGE_BUCKETS_WRONG,
              FsckError.DEV_USAGE_SECTORS_WRONG,
              FsckError.DEV_USAGE_FRAGMENTED_WRONG,
              FsckError.FS_USAGE_HIDDEN_WRONG,
              FsckError.FS_USAGE_BTREE_WRONG,
              FsckError.FS_USAGE_DATA_WRONG,
              FsckError.FS_USAGE_CACHED_WRONG,
              FsckError.FS_USAGE_RESERVED_WRONG,
              FsckError.FS_USAGE_NR_INODES_WRONG,
              FsckError.FS_USAGE_PERSISTENT_RESERVED_WRONG,
              FsckError.FS_USAGE_REPLICAS_WRONG,
              FsckError.BKEY_VERSION_IN_FUTURE),
          step(
              MetadataVersion.DISK_ACCOUNTING_V3,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.DEV_USAGE_BUCKETS_WRONG,
              FsckError.DEV_USAGE_SECTORS_WRONG,
              FsckError.DEV_USAGE_FRAGMENTED_WRONG,
              FsckError.FS_USAGE_HIDDEN_WRONG,
              FsckError.FS_USAGE_BTREE_WRONG,
              FsckError.FS_USAGE_DATA_WRONG,
              FsckError.FS_USAGE_CACHED_WRONG,
              FsckError.FS_USAGE_RESERVED_WRONG,
              FsckError.FS_USAGE_NR_INODES_WRONG,
              FsckError.FS_USAGE_PERSISTENT_RESERVED_WRONG,
              FsckError.FS_USAGE_REPLICAS_WRONG,
              FsckError.ACCOUNTING_REPLICAS_NOT_MARKED,
              FsckError.BKEY_VERSION_IN_FUTURE),
          step(
              MetadataVersion.REBALANCE_WORK_ACCT_FIX,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_KEY_REPLICAS_NR_DEVS_0,
              FsckError.ACCOUNTING_KEY_JUNK_AT_END),
          step(
              MetadataVersion.BACKPOINTER_BUCKET_GEN,
              passes(RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS),
              FsckError.BACKPOINTER_BUCKET_OFFSET_WRONG,
              FsckError.BACKPOINTER_TO_MISSING_PTR,
              FsckError.PTR_TO_MISSING_BACKPOINTER),
          step(
              MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_KEY_REPLICAS_NR_DEVS_0,
              FsckError.ACCOUNTING_KEY_JUNK_AT_END),
          step(
              MetadataVersion.BTREE_NODE_ACCOUNTING,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_KEY_NR_COUNTERS_WRONG),
          step(
              MetadataVersion.BUCKET_STRIPE_INDEX,
              passes(RecoveryPass.CHECK_ALLOC_INFO, RecoveryPass.CHECK_ALLOC_TO_LRU_REFS)),
          step(
              MetadataVersion.NEED_DISCARD_BY_JOURNAL_SEQ,
              passes(RecoveryPass.CHECK_ALLOC_INFO),
              FsckError.NEED_DISCARD_FREESPACE_KEY_BAD,
              FsckError.NEED_DISCARD_KEY_WRONG,
              FsckError.NEED_DISCARD_FREESPACE_KEY_TO_INVALID_DEV_BUCKET),
          step(
              MetadataVersion.PER_DEV_FRAGMENTATION_LRU,
              passes(
                  RecoveryPass.CHECK_ALLOCATIONS,
                  RecoveryPass.CHECK_LRUS,
                  RecoveryPass.CHECK_ALLOC_TO_LRU_REFS),
              FsckError.LRU_ENTRY_BAD,
              FsckError.ALLOC_KEY_TO_MISSING_LRU_ENTRY,
              FsckError.ACCOUNTING_MISMATCH));

  private DowngradeTable() {}
}
