// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Backpointer;
import org.jbcachefs.format.value.BucketGens;
import org.jbcachefs.format.value.Cookie;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.ErrorKey;
import org.jbcachefs.format.value.InlineData;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeAllocCursor;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.InodeGeneration;
import org.jbcachefs.format.value.InodeLayout;
import org.jbcachefs.format.value.LegacyAlloc;
import org.jbcachefs.format.value.LoggedOpFinsert;
import org.jbcachefs.format.value.LoggedOpStripeUpdate;
import org.jbcachefs.format.value.LoggedOpTruncate;
import org.jbcachefs.format.value.Lru;
import org.jbcachefs.format.value.Quota;
import org.jbcachefs.format.value.ReflinkP;
import org.jbcachefs.format.value.Reservation;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;
import org.jbcachefs.format.value.Xattr;

/** The values of keys. */
final class ValueClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    small(claims);
    large(claims);
    variable(claims);
    inodes(claims);
    inodeFields(claims);
    masks(claims);
    enumerations(claims);
    constants(claims);
    setAside(claims);
  }

  private static void small(Claims claims) {
    claims.size("bch_cookie", Cookie.BYTES).offset("bch_cookie", "cookie", Cookie.OFFSET_COOKIE);
    claims.offset("bch_error", "err", ErrorKey.OFFSET_REASON);
    claims
        .size("bch_reservation", Reservation.BYTES)
        .offset("bch_reservation", "generation", Reservation.OFFSET_GENERATION)
        .offset("bch_reservation", "nr_replicas", Reservation.OFFSET_REPLICAS);
    claims
        .size("bch_inode_generation", InodeGeneration.BYTES)
        .offset("bch_inode_generation", "bi_generation", InodeGeneration.OFFSET_GENERATION);
    claims
        .size("bch_inode_alloc_cursor", InodeAllocCursor.BYTES)
        .offset("bch_inode_alloc_cursor", "bits", InodeAllocCursor.OFFSET_BITS)
        .offset("bch_inode_alloc_cursor", "gen", InodeAllocCursor.OFFSET_GENERATION)
        .offset("bch_inode_alloc_cursor", "idx", InodeAllocCursor.OFFSET_INDEX);
    claims
        .size("bch_logged_op_truncate", LoggedOpTruncate.BYTES)
        .offset("bch_logged_op_truncate", "subvol", LoggedOpTruncate.OFFSET_SUBVOLUME)
        .offset("bch_logged_op_truncate", "inum", LoggedOpTruncate.OFFSET_INODE)
        .offset("bch_logged_op_truncate", "new_i_size", LoggedOpTruncate.OFFSET_NEW_SIZE);
    claims
        .size("bch_logged_op_finsert", LoggedOpFinsert.BYTES)
        .offset("bch_logged_op_finsert", "state", LoggedOpFinsert.OFFSET_STATE)
        .offset("bch_logged_op_finsert", "subvol", LoggedOpFinsert.OFFSET_SUBVOLUME)
        .offset("bch_logged_op_finsert", "inum", LoggedOpFinsert.OFFSET_INODE)
        .offset("bch_logged_op_finsert", "dst_offset", LoggedOpFinsert.OFFSET_DST_OFFSET)
        .offset("bch_logged_op_finsert", "src_offset", LoggedOpFinsert.OFFSET_SRC_OFFSET)
        .offset("bch_logged_op_finsert", "pos", LoggedOpFinsert.OFFSET_POSITION);
    claims
        .size("bch_logged_op_stripe_update", LoggedOpStripeUpdate.BYTES)
        .offset("bch_logged_op_stripe_update", "old_idx", LoggedOpStripeUpdate.OFFSET_OLD_IDX)
        .offset("bch_logged_op_stripe_update", "new_idx", LoggedOpStripeUpdate.OFFSET_NEW_IDX)
        .offset(
            "bch_logged_op_stripe_update",
            "old_blocks_nr",
            LoggedOpStripeUpdate.OFFSET_OLD_BLOCKS_NR)
        .offset(
            "bch_logged_op_stripe_update",
            "old_block_map",
            LoggedOpStripeUpdate.OFFSET_OLD_BLOCK_MAP);
    claims
        .size("bch_reflink_p", ReflinkP.BYTES)
        .offset("bch_reflink_p", "idx_flags", ReflinkP.OFFSET_INDEX_AND_FLAGS)
        .offset("bch_reflink_p", "front_pad", ReflinkP.OFFSET_FRONT_PAD)
        .offset("bch_reflink_p", "back_pad", ReflinkP.OFFSET_BACK_PAD);
  }

  private static void large(Claims claims) {
    claims.size("bch_lru", Lru.BYTES).offset("bch_lru", "idx", Lru.OFFSET_INDEX);
    claims.size("bch_quota", Quota.BYTES).offset("bch_quota", "c", Quota.OFFSET_SPACE_HARD);
    claims
        .size("bch_backpointer", Backpointer.BYTES)
        .offset("bch_backpointer", "btree_id", Backpointer.OFFSET_BTREE)
        .offset("bch_backpointer", "level", Backpointer.OFFSET_LEVEL)
        .offset("bch_backpointer", "data_type", Backpointer.OFFSET_DATA_TYPE)
        .offset("bch_backpointer", "bucket_gen", Backpointer.OFFSET_BUCKET_GENERATION)
        .offset("bch_backpointer", "flags", Backpointer.OFFSET_FLAGS)
        .offset("bch_backpointer", "bucket_len", Backpointer.OFFSET_BUCKET_SECTORS)
        .offset("bch_backpointer", "pos", Backpointer.OFFSET_POS_SNAPSHOT);
    claims
        .size("bch_alloc_v4", AllocV4.BYTES)
        .offset("bch_alloc_v4", "journal_seq_nonempty", AllocV4.OFFSET_JOURNAL_SEQ_NONEMPTY)
        .offset("bch_alloc_v4", "flags", AllocV4.OFFSET_FLAGS)
        .offset("bch_alloc_v4", "gen", AllocV4.OFFSET_GENERATION)
        .offset("bch_alloc_v4", "oldest_gen", AllocV4.OFFSET_OLDEST_GENERATION)
        .offset("bch_alloc_v4", "data_type", AllocV4.OFFSET_DATA_TYPE)
        .offset(
            "bch_alloc_v4", "stripe_redundancy_obsolete", AllocV4.OFFSET_STRIPE_REDUNDANCY_OBSOLETE)
        .offset("bch_alloc_v4", "dirty_sectors", AllocV4.OFFSET_DIRTY_SECTORS)
        .offset("bch_alloc_v4", "cached_sectors", AllocV4.OFFSET_CACHED_SECTORS)
        .offset("bch_alloc_v4", "io_time", AllocV4.OFFSET_READ_TIME)
        .offset("bch_alloc_v4", "stripe_refcount", AllocV4.OFFSET_STRIPE_REFCOUNT)
        .offset("bch_alloc_v4", "nr_external_backpointers", AllocV4.OFFSET_EXTERNAL_BACKPOINTERS)
        .offset("bch_alloc_v4", "journal_seq_empty", AllocV4.OFFSET_JOURNAL_SEQ_EMPTY)
        .offset("bch_alloc_v4", "stripe_sectors", AllocV4.OFFSET_STRIPE_SECTORS)
        .offset("bch_alloc_v4", "pad", AllocV4.OFFSET_PAD);
    claims
        .size("bch_snapshot", Snapshot.BYTES_WITHOUT_STATE)
        .offset("bch_snapshot", "flags", Snapshot.OFFSET_FLAGS)
        .offset("bch_snapshot", "parent", Snapshot.OFFSET_PARENT)
        .offset("bch_snapshot", "children", Snapshot.OFFSET_CHILDREN)
        .offset("bch_snapshot", "subvol", Snapshot.OFFSET_SUBVOL)
        .offset("bch_snapshot", "tree", Snapshot.OFFSET_TREE)
        .offset("bch_snapshot", "depth", Snapshot.OFFSET_DEPTH)
        .offset("bch_snapshot", "skip", Snapshot.OFFSET_SKIP)
        .offset("bch_snapshot", "btime", Snapshot.OFFSET_BTIME);
    claims
        .size("bch_snapshot_tree", SnapshotTree.BYTES)
        .offset("bch_snapshot_tree", "master_subvol", SnapshotTree.OFFSET_MASTER_SUBVOL)
        .offset("bch_snapshot_tree", "root_snapshot", SnapshotTree.OFFSET_ROOT_SNAPSHOT);
    claims
        .size("bch_subvolume", Subvolume.BYTES_WITHOUT_STATE)
        .offset("bch_subvolume", "flags", Subvolume.OFFSET_FLAGS)
        .offset("bch_subvolume", "snapshot", Subvolume.OFFSET_SNAPSHOT)
        .offset("bch_subvolume", "inode", Subvolume.OFFSET_INODE)
        .offset("bch_subvolume", "creation_parent", Subvolume.OFFSET_CREATION_PARENT)
        .offset("bch_subvolume", "fs_path_parent", Subvolume.OFFSET_FS_PATH_PARENT)
        .offset("bch_subvolume", "otime", Subvolume.OFFSET_OTIME);
    claims
        .size("bch_xattr", Xattr.BYTES)
        .offset("bch_xattr", "x_type", Xattr.OFFSET_TYPE)
        .offset("bch_xattr", "x_name_len", Xattr.OFFSET_NAME_LENGTH)
        .offset("bch_xattr", "x_val_len", Xattr.OFFSET_VALUE_LENGTH)
        .offset("bch_xattr", "x_name_and_value", Xattr.OFFSET_NAME);
  }

  private static void variable(Claims claims) {
    claims
        .size("bch_dirent", Dirent.MIN_BYTES)
        .offset("bch_dirent", "d_inum", Dirent.OFFSET_INUM)
        .offset("bch_dirent", "d_child_subvol", Dirent.OFFSET_CHILD_SUBVOL)
        .offset("bch_dirent", "d_parent_subvol", Dirent.OFFSET_PARENT_SUBVOL)
        .offset("bch_dirent", "d_name", Dirent.OFFSET_NAME)
        .offset("bch_dirent", "d_cf_name_block", Dirent.OFFSET_NAME)
        .bitField(
            "bch_dirent", "d_type", 8 * Dirent.OFFSET_TYPE, Integer.bitCount(Dirent.TYPE_MASK))
        .bitField(
            "bch_dirent",
            "d_unused",
            8 * Dirent.OFFSET_TYPE + Dirent.UNUSED_SHIFT,
            Integer.bitCount(Dirent.UNUSED_MASK))
        .bitField(
            "bch_dirent",
            "d_casefold",
            8 * Dirent.OFFSET_TYPE + Integer.numberOfTrailingZeros(Dirent.CASEFOLD_BIT),
            1)
        .size("bch_indirect_inline_data", InlineData.OFFSET_INDIRECT_DATA)
        .offset("bch_indirect_inline_data", "refcount", InlineData.OFFSET_REFCOUNT)
        .offset("bch_indirect_inline_data", "data", InlineData.OFFSET_INDIRECT_DATA)
        .size("bch_bucket_gens", BucketGens.BYTES)
        .offset("bch_alloc", "fields", LegacyAlloc.V1_FIELDS)
        .offset("bch_alloc", "gen", LegacyAlloc.V1_GEN)
        .offset("bch_alloc", "data", LegacyAlloc.V1_DATA)
        .offset("bch_alloc_v2", "nr_fields", LegacyAlloc.V2_NR_FIELDS)
        .offset("bch_alloc_v2", "gen", LegacyAlloc.V2_GEN)
        .offset("bch_alloc_v2", "oldest_gen", LegacyAlloc.V2_OLDEST_GEN)
        .offset("bch_alloc_v2", "data_type", LegacyAlloc.V2_DATA_TYPE)
        .offset("bch_alloc_v2", "data", LegacyAlloc.V2_DATA)
        .offset("bch_alloc_v3", "journal_seq", LegacyAlloc.V3_JOURNAL_SEQ)
        .offset("bch_alloc_v3", "flags", LegacyAlloc.V3_FLAGS)
        .offset("bch_alloc_v3", "nr_fields", LegacyAlloc.V3_NR_FIELDS)
        .offset("bch_alloc_v3", "gen", LegacyAlloc.V3_GEN)
        .offset("bch_alloc_v3", "oldest_gen", LegacyAlloc.V3_OLDEST_GEN)
        .offset("bch_alloc_v3", "data_type", LegacyAlloc.V3_DATA_TYPE)
        .offset("bch_alloc_v3", "data", LegacyAlloc.V3_DATA);
  }

  private static void inodes(Claims claims) {
    claims
        .size("bch_inode", InodeLayout.V1_BYTES)
        .offset("bch_inode", "bi_hash_seed", InodeLayout.V1_HASH_SEED)
        .offset("bch_inode", "bi_flags", InodeLayout.V1_FLAGS)
        .offset("bch_inode", "bi_mode", InodeLayout.V1_MODE)
        .offset("bch_inode", "fields", InodeLayout.V1_FIELDS)
        .size("bch_inode_v2", InodeLayout.V2_BYTES)
        .offset("bch_inode_v2", "bi_journal_seq", InodeLayout.V2_JOURNAL_SEQ)
        .offset("bch_inode_v2", "bi_hash_seed", InodeLayout.V2_HASH_SEED)
        .offset("bch_inode_v2", "bi_flags", InodeLayout.V2_FLAGS)
        .offset("bch_inode_v2", "bi_mode", InodeLayout.V2_MODE)
        .offset("bch_inode_v2", "fields", InodeLayout.V2_FIELDS)
        .size("bch_inode_v3", InodeLayout.V3_BYTES)
        .offset("bch_inode_v3", "bi_journal_seq", InodeLayout.V3_JOURNAL_SEQ)
        .offset("bch_inode_v3", "bi_hash_seed", InodeLayout.V3_HASH_SEED)
        .offset("bch_inode_v3", "bi_flags", InodeLayout.V3_FLAGS)
        .offset("bch_inode_v3", "bi_sectors", InodeLayout.V3_SECTORS)
        .offset("bch_inode_v3", "bi_size", InodeLayout.V3_SIZE)
        .offset("bch_inode_v3", "bi_version", InodeLayout.V3_VERSION)
        .offset("bch_inode_v3", "fields", InodeLayout.V3_FIELDS);
  }

  private static void inodeFields(Claims claims) {
    String v2 = "anon:BCH_INODE_V2_FIELD_bi_atime";
    for (int i = 0; i < InodeField.V2.size(); i++) {
      claims.enumerator(v2, "BCH_INODE_V2_FIELD_" + InodeField.V2.get(i), i);
    }
    String v3 = "anon:BCH_INODE_V3_FIELD_bi_atime";
    for (int i = 0; i < InodeField.V3.size(); i++) {
      claims.enumerator(v3, "BCH_INODE_V3_FIELD_" + InodeField.V3.get(i), i);
    }
    String flags = "bch_inode_flags";
    claims
        .enumerator(flags, "BCH_INODE_sync", Inode.FLAG_SYNC)
        .enumerator(flags, "BCH_INODE_immutable", Inode.FLAG_IMMUTABLE)
        .enumerator(flags, "BCH_INODE_append", Inode.FLAG_APPEND)
        .enumerator(flags, "BCH_INODE_nodump", Inode.FLAG_NODUMP)
        .enumerator(flags, "BCH_INODE_noatime", Inode.FLAG_NOATIME)
        .enumerator(flags, "BCH_INODE_i_size_dirty", Inode.FLAG_I_SIZE_DIRTY)
        .enumerator(flags, "BCH_INODE_i_sectors_dirty", Inode.FLAG_I_SECTORS_DIRTY)
        .enumerator(flags, "BCH_INODE_unlinked", Inode.FLAG_UNLINKED)
        .enumerator(flags, "BCH_INODE_backptr_untrusted", Inode.FLAG_BACKPTR_UNTRUSTED)
        .enumerator(flags, "BCH_INODE_has_child_snapshot", Inode.FLAG_HAS_CHILD_SNAPSHOT)
        .enumerator(flags, "BCH_INODE_has_case_insensitive", Inode.FLAG_HAS_CASE_INSENSITIVE)
        .enumerator(flags, "BCH_INODE_31bit_dirent_offset", Inode.FLAG_31BIT_DIRENT_OFFSET);
  }

  private static void masks(Claims claims) {
    claims
        .mask("INODEv1_STR_HASH", "bch_inode", "bi_flags", Inode.STR_HASH)
        .mask("INODEv1_NR_FIELDS", "bch_inode", "bi_flags", InodeLayout.V1_NR_FIELDS)
        .mask("INODEv1_NEW_VARINT", "bch_inode", "bi_flags", InodeLayout.V1_NEW_VARINT)
        .mask("INODEv2_STR_HASH", "bch_inode_v2", "bi_flags", Inode.STR_HASH)
        .mask("INODEv2_NR_FIELDS", "bch_inode_v2", "bi_flags", InodeLayout.V2_NR_FIELDS)
        .mask("INODEv3_STR_HASH", "bch_inode_v3", "bi_flags", Inode.STR_HASH)
        .mask("INODEv3_NR_FIELDS", "bch_inode_v3", "bi_flags", InodeLayout.V3_NR_FIELDS)
        .mask("INODEv3_FIELDS_START", "bch_inode_v3", "bi_flags", InodeLayout.V3_FIELDS_START)
        .mask("INODEv3_MODE", "bch_inode_v3", "bi_flags", InodeLayout.V3_MODE)
        .mask("REFLINK_P_IDX", "bch_reflink_p", "idx_flags", ReflinkP.INDEX)
        .mask("REFLINK_P_ERROR", "bch_reflink_p", "idx_flags", ReflinkP.ERROR)
        .mask(
            "REFLINK_P_MAY_UPDATE_OPTIONS",
            "bch_reflink_p",
            "idx_flags",
            ReflinkP.MAY_UPDATE_OPTIONS)
        .mask(
            "BACKPOINTER_RECONCILE_PHYS",
            "bch_backpointer",
            "flags",
            Backpointer.FLAG_RECONCILE_PHYS)
        .mask(
            "BACKPOINTER_ERASURE_CODED", "bch_backpointer", "flags", Backpointer.FLAG_ERASURE_CODED)
        .mask("BACKPOINTER_STRIPE_PTR", "bch_backpointer", "flags", Backpointer.FLAG_STRIPE_PTR)
        .mask("BCH_ALLOC_V3_NEED_DISCARD", "bch_alloc_v3", "flags", LegacyAlloc.V3_NEED_DISCARD)
        .mask("BCH_ALLOC_V3_NEED_INC_GEN", "bch_alloc_v3", "flags", LegacyAlloc.V3_NEED_INC_GEN)
        .mask("BCH_ALLOC_V4_NEED_DISCARD", "bch_alloc_v4", "flags", AllocV4.FLAG_NEED_DISCARD)
        .mask("BCH_ALLOC_V4_NEED_INC_GEN", "bch_alloc_v4", "flags", AllocV4.FLAG_NEED_INC_GEN)
        .mask(
            "BCH_ALLOC_V4_BACKPOINTERS_START",
            "bch_alloc_v4",
            "flags",
            AllocV4.FLAG_BACKPOINTERS_START)
        .mask(
            "BCH_ALLOC_V4_NR_BACKPOINTERS", "bch_alloc_v4", "flags", AllocV4.FLAG_NR_BACKPOINTERS);
    flag(claims, "BCH_SUBVOLUME_RO", "bch_subvolume", Subvolume.FLAG_RO);
    flag(claims, "BCH_SUBVOLUME_SNAP", "bch_subvolume", Subvolume.FLAG_SNAP);
    flag(claims, "BCH_SUBVOLUME_UNLINKED", "bch_subvolume", Subvolume.FLAG_UNLINKED);
    flag(claims, "BCH_SNAPSHOT_WILL_DELETE", "bch_snapshot", Snapshot.FLAG_WILL_DELETE);
    flag(claims, "BCH_SNAPSHOT_SUBVOL", "bch_snapshot", Snapshot.FLAG_SUBVOL);
    flag(claims, "BCH_SNAPSHOT_DELETED", "bch_snapshot", Snapshot.FLAG_DELETED);
    flag(claims, "BCH_SNAPSHOT_NO_KEYS", "bch_snapshot", Snapshot.FLAG_NO_KEYS);
  }

  private static void flag(Claims claims, String name, String struct, int flag) {
    int bit = Integer.numberOfTrailingZeros(flag);
    claims.mask(name, struct, "flags", new BitRange(bit, bit + 1));
  }

  private static void enumerations(Claims claims) {
    claims
        .enumeration(
            "disk_accounting_type",
            "BCH_DISK_ACCOUNTING_",
            AccountingType.values(),
            AccountingType::toString,
            AccountingType::number)
        .enumerator(
            "disk_accounting_type", "BCH_DISK_ACCOUNTING_TYPE_NR", AccountingType.values().length)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_crc32c", StrHash.CRC32C)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_crc64", StrHash.CRC64)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_siphash_old", StrHash.SIPHASH_OLD)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_siphash", StrHash.SIPHASH)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_NR", StrHash.TYPES);
  }

  private static void constants(Claims claims) {
    claims
        .constant("BCH_ACCOUNTING_MAX_COUNTERS", AccountingType.MAX_COUNTERS)
        .constant("DT_SUBVOL", Dirent.TYPE_SUBVOLUME)
        .constant("BCH_NAME_MAX", Dirent.NAME_MAX)
        .constant("BLOCKDEV_INODE_MAX", Inode.ROOT)
        .constant("BCACHEFS_ROOT_INO", Inode.ROOT)
        .constant("KEY_TYPE_XATTR_INDEX_USER", Xattr.TYPE_USER)
        .constant("KEY_TYPE_XATTR_INDEX_POSIX_ACL_ACCESS", Xattr.TYPE_POSIX_ACL_ACCESS)
        .constant("KEY_TYPE_XATTR_INDEX_POSIX_ACL_DEFAULT", Xattr.TYPE_POSIX_ACL_DEFAULT)
        .constant("KEY_TYPE_XATTR_INDEX_TRUSTED", Xattr.TYPE_TRUSTED)
        .constant("KEY_TYPE_XATTR_INDEX_SECURITY", Xattr.TYPE_SECURITY)
        .constant("BCACHEFS_ROOT_SUBVOL", Subvolume.ROOT);
  }

  private static void setAside(Claims claims) {
    claims
        .setAside("E anon:BCH_ALLOC_FIELD_V1", "the order of LegacyAlloc's widths")
        .setAside("E bch_key_type_errors", "the order of ErrorKey's names")
        .setAside("E bch_reconcile_accounting_type", "the order of AccountingText's names")
        .setAside("E logged_op_finsert_state", "three states, shown as numbers")
        .setAside("E logged_ops_inums", "two inodes of the logged_ops btree")
        .setAside("E quota_types", "three types, shown as numbers")
        .setAside("E quota_counters", "two counters, each a field of Quota");
  }
}
