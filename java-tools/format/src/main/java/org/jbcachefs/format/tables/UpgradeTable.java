// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import static org.jbcachefs.format.tables.VersionStep.fsckPasses;
import static org.jbcachefs.format.tables.VersionStep.fsckPassesAnd;
import static org.jbcachefs.format.tables.VersionStep.passes;
import static org.jbcachefs.format.tables.VersionStep.step;

import java.util.List;

/**
 * What a filesystem of an older version needs before it counts as upgraded: passes to run, and
 * errors that are expected there and repaired in silence. Source: {@code UPGRADE_TABLE}, {@code
 * UPGRADE_TABLE_INCOMPAT}.
 */
public final class UpgradeTable {
  /** Steps of every upgrade past a version. */
  public static final List<VersionStep> STEPS =
      List.of(
          step(
              MetadataVersion.SNAPSHOT_2,
              fsckPasses(),
              FsckError.SUBVOL_ROOT_WRONG_BI_SUBVOL,
              FsckError.SUBVOL_NOT_MASTER_AND_NOT_SNAPSHOT),
          step(MetadataVersion.BACKPOINTERS, fsckPasses()),
          step(MetadataVersion.INODE_V3, fsckPasses()),
          step(MetadataVersion.UNWRITTEN_EXTENTS, fsckPasses()),
          step(MetadataVersion.BUCKET_GENS, fsckPassesAnd(RecoveryPass.BUCKET_GENS_INIT)),
          step(MetadataVersion.LRU_V2, fsckPasses()),
          step(MetadataVersion.FRAGMENTATION_LRU, fsckPasses()),
          step(MetadataVersion.NO_BPS_IN_ALLOC_KEYS, fsckPasses()),
          step(MetadataVersion.SNAPSHOT_TREES, fsckPasses()),
          step(
              MetadataVersion.SNAPSHOT_SKIPLISTS,
              passes(RecoveryPass.CHECK_SNAPSHOTS),
              FsckError.SNAPSHOT_BAD_DEPTH,
              FsckError.SNAPSHOT_BAD_SKIPLIST),
          step(
              MetadataVersion.DELETED_INODES,
              passes(RecoveryPass.CHECK_INODES),
              FsckError.UNLINKED_INODE_NOT_ON_DELETED_LIST),
          step(MetadataVersion.REBALANCE_WORK, passes(RecoveryPass.SET_FS_NEEDS_RECONCILE)),
          step(
              MetadataVersion.SUBVOLUME_FS_PARENT,
              passes(RecoveryPass.CHECK_DIRENTS),
              FsckError.SUBVOL_FS_PATH_PARENT_WRONG),
          step(
              MetadataVersion.BTREE_SUBVOLUME_CHILDREN,
              passes(RecoveryPass.CHECK_SUBVOLS),
              FsckError.SUBVOL_CHILDREN_NOT_SET),
          step(
              MetadataVersion.MI_BTREE_BITMAP,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.BTREE_BITMAP_NOT_MARKED),
          step(
              MetadataVersion.DISK_ACCOUNTING_V2,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.BKEY_VERSION_IN_FUTURE,
              FsckError.DEV_USAGE_BUCKETS_WRONG,
              FsckError.DEV_USAGE_SECTORS_WRONG,
              FsckError.DEV_USAGE_FRAGMENTED_WRONG,
              FsckError.ACCOUNTING_MISMATCH),
          step(
              MetadataVersion.DISK_ACCOUNTING_V3,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.BKEY_VERSION_IN_FUTURE,
              FsckError.DEV_USAGE_BUCKETS_WRONG,
              FsckError.DEV_USAGE_SECTORS_WRONG,
              FsckError.DEV_USAGE_FRAGMENTED_WRONG,
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_KEY_REPLICAS_NR_DEVS_0,
              FsckError.ACCOUNTING_KEY_REPLICAS_NR_REQUIRED_BAD,
              FsckError.ACCOUNTING_KEY_REPLICAS_DEVS_UNSORTED,
              FsckError.ACCOUNTING_KEY_JUNK_AT_END),
          step(
              MetadataVersion.DISK_ACCOUNTING_INUM,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH),
          step(
              MetadataVersion.REBALANCE_WORK_ACCT_FIX,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH),
          step(
              MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS,
              passes(RecoveryPass.CHECK_INODES),
              FsckError.INODE_HAS_CHILD_SNAPSHOTS_WRONG),
          step(
              MetadataVersion.BACKPOINTER_BUCKET_GEN,
              passes(RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS),
              FsckError.BACKPOINTER_TO_MISSING_PTR,
              FsckError.PTR_TO_MISSING_BACKPOINTER),
          step(
              MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.ACCOUNTING_KEY_REPLICAS_NR_DEVS_0,
              FsckError.ACCOUNTING_KEY_JUNK_AT_END),
          step(
              MetadataVersion.CACHED_BACKPOINTERS,
              passes(RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS),
              FsckError.PTR_TO_MISSING_BACKPOINTER),
          step(
              MetadataVersion.STRIPE_BACKPOINTERS,
              passes(RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS),
              FsckError.PTR_TO_MISSING_BACKPOINTER),
          step(
              MetadataVersion.INODE_HAS_CASE_INSENSITIVE,
              passes(RecoveryPass.CHECK_INODES),
              FsckError.INODE_HAS_CASE_INSENSITIVE_NOT_SET,
              FsckError.INODE_PARENT_HAS_CASE_INSENSITIVE_NOT_SET),
          step(
              MetadataVersion.BTREE_NODE_ACCOUNTING,
              passes(RecoveryPass.CHECK_ALLOCATIONS),
              FsckError.ACCOUNTING_MISMATCH),
          step(
              MetadataVersion.RECONCILE,
              passes(RecoveryPass.CHECK_RECONCILE_WORK),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.EXTENT_IO_OPTS_NOT_SET),
          step(
              MetadataVersion.BUCKET_STRIPE_INDEX,
              passes(RecoveryPass.CHECK_ALLOC_INFO, RecoveryPass.CHECK_ALLOC_TO_LRU_REFS),
              FsckError.ALLOC_KEY_STRIPE_REFCOUNT_WRONG,
              FsckError.STRIPE_TO_MISSING_BUCKET_REF),
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
                  RecoveryPass.CHECK_ALLOC_TO_LRU_REFS,
                  RecoveryPass.CHECK_INODES,
                  RecoveryPass.CHECK_XATTRS,
                  RecoveryPass.CHECK_SNAPSHOTS,
                  RecoveryPass.CHECK_SUBVOLS,
                  RecoveryPass.DELETE_DEAD_SNAPSHOTS),
              FsckError.ACCOUNTING_MISMATCH,
              FsckError.LRU_ENTRY_BAD,
              FsckError.ALLOC_KEY_TO_MISSING_LRU_ENTRY,
              FsckError.INODE_HAS_INODE_OPTS_FLAG_WRONG,
              FsckError.INODE_HAS_ACCESS_ACL_FLAG_WRONG,
              FsckError.INODE_HAS_DEFAULT_ACL_FLAG_WRONG,
              FsckError.SNAPSHOT_STATE_BAD,
              FsckError.SUBVOL_STATE_BAD));

  /** Steps when incompatible features up to a version become allowed. */
  public static final List<VersionStep> INCOMPATIBLE_STEPS =
      List.of(
          step(
              MetadataVersion.RECONCILE,
              passes(RecoveryPass.CHECK_RECONCILE_WORK),
              FsckError.EXTENT_IO_OPTS_NOT_SET));

  private UpgradeTable() {}
}
