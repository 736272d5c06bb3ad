// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.node.BtreePtrLayout;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Backpointer;
import org.jbcachefs.format.value.Cookie;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.ErrorKey;
import org.jbcachefs.format.value.InodeAllocCursor;
import org.jbcachefs.format.value.InodeGeneration;
import org.jbcachefs.format.value.InodeLayout;
import org.jbcachefs.format.value.LoggedOpFinsert;
import org.jbcachefs.format.value.LoggedOpStripeUpdate;
import org.jbcachefs.format.value.LoggedOpTruncate;
import org.jbcachefs.format.value.Quota;
import org.jbcachefs.format.value.ReflinkP;
import org.jbcachefs.format.value.Reservation;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Subvolume;
import org.jbcachefs.format.value.Xattr;

/**
 * The numbers at fixed places in the value of a key, by name, as far as the value is long enough
 * for them. Offsets are in the value. An inode's varints are not among them: {@link KeyEditor} does
 * those.
 */
public final class KeyFields {
  private final MemorySegment value;
  private final List<NamedField> fields = new ArrayList<>();

  private KeyFields(MemorySegment value) {
    this.value = value;
  }

  /** The fields of a key's value, in the order in which they are shown. */
  public static List<NamedField> of(Bkey key) {
    MemorySegment value = key.value();
    KeyFields all = new KeyFields(value);
    KeyType type = KeyType.of(key.type());
    if (type != null) {
      all.add(type);
    }
    return all.fields.stream().filter(field -> field.isWithin(value.byteSize())).toList();
  }

  private void add(KeyType type) {
    switch (type) {
      case EXTENT, BTREE_PTR -> fields.addAll(ExtentFields.of(value, 0));
      case REFLINK_V -> {
        u64("refcount", 0);
        fields.addAll(ExtentFields.of(value, Long.BYTES));
      }
      case INDIRECT_INLINE_DATA -> u64("refcount", 0);
      case BTREE_PTR_V2 -> pointer();
      case STRIPE -> stripe();
      case INODE_V3 -> inodeV3();
      case INODE_V2 -> {
        u64("bi_journal_seq", InodeLayout.V2_JOURNAL_SEQ);
        u64("bi_hash_seed", InodeLayout.V2_HASH_SEED);
        bits("bi_flags", InodeLayout.V2_FLAGS, 8, new BitRange(0, 20));
        fields.add(NamedField.u16("bi_mode", InodeLayout.V2_MODE));
      }
      case INODE -> {
        u64("bi_hash_seed", InodeLayout.V1_HASH_SEED);
        bits("bi_flags", InodeLayout.V1_FLAGS, 4, new BitRange(0, 20));
        fields.add(NamedField.u16("bi_mode", InodeLayout.V1_MODE));
      }
      case ALLOC_V4 -> alloc();
      case BACKPOINTER -> backpointer();
      case SNAPSHOT -> snapshot();
      case SUBVOLUME -> subvolume();
      case ACCOUNTING -> words("counter");
      case BUCKET_GENS -> {
        for (int i = 0; i < value.byteSize(); i++) {
          u8("gen" + i, i);
        }
      }
      default -> small(type);
    }
  }

  private void small(KeyType type) {
    switch (type) {
      case ERROR -> u8("reason", ErrorKey.OFFSET_REASON);
      case COOKIE -> u64("cookie", Cookie.OFFSET_COOKIE);
      case RESERVATION -> {
        u32("generation", Reservation.OFFSET_GENERATION);
        u8("nr_replicas", Reservation.OFFSET_REPLICAS);
      }
      case INODE_GENERATION -> u32("bi_generation", InodeGeneration.OFFSET_GENERATION);
      case DIRENT -> dirent();
      case XATTR -> {
        u8("x_type", Xattr.OFFSET_TYPE);
        u8("x_name_len", Xattr.OFFSET_NAME_LENGTH);
        fields.add(NamedField.u16("x_val_len", Xattr.OFFSET_VALUE_LENGTH));
      }
      case QUOTA -> {
        u64("space_hard", Quota.OFFSET_SPACE_HARD);
        u64("space_soft", Quota.OFFSET_SPACE_SOFT);
        u64("inodes_hard", Quota.OFFSET_INODES_HARD);
        u64("inodes_soft", Quota.OFFSET_INODES_SOFT);
      }
      case REFLINK_P -> {
        bits("idx", ReflinkP.OFFSET_INDEX_AND_FLAGS, 8, ReflinkP.INDEX);
        bits("error", ReflinkP.OFFSET_INDEX_AND_FLAGS, 8, ReflinkP.ERROR);
        bits("may_update_opts", ReflinkP.OFFSET_INDEX_AND_FLAGS, 8, ReflinkP.MAY_UPDATE_OPTIONS);
        u32("front_pad", ReflinkP.OFFSET_FRONT_PAD);
        u32("back_pad", ReflinkP.OFFSET_BACK_PAD);
      }
      case SNAPSHOT_TREE -> {
        u32("master_subvol", SnapshotTree.OFFSET_MASTER_SUBVOL);
        u32("root_snapshot", SnapshotTree.OFFSET_ROOT_SNAPSHOT);
      }
      case LOGGED_OP_TRUNCATE -> {
        u32("subvol", LoggedOpTruncate.OFFSET_SUBVOLUME);
        u64("inum", LoggedOpTruncate.OFFSET_INODE);
        u64("new_i_size", LoggedOpTruncate.OFFSET_NEW_SIZE);
      }
      case LOGGED_OP_FINSERT -> {
        u8("state", LoggedOpFinsert.OFFSET_STATE);
        u32("subvol", LoggedOpFinsert.OFFSET_SUBVOLUME);
        u64("inum", LoggedOpFinsert.OFFSET_INODE);
        u64("dst_offset", LoggedOpFinsert.OFFSET_DST_OFFSET);
        u64("src_offset", LoggedOpFinsert.OFFSET_SRC_OFFSET);
        u64("pos", LoggedOpFinsert.OFFSET_POSITION);
      }
      case LOGGED_OP_STRIPE_UPDATE -> {
        u64("old_idx", LoggedOpStripeUpdate.OFFSET_OLD_IDX);
        u64("new_idx", LoggedOpStripeUpdate.OFFSET_NEW_IDX);
        u8("old_blocks_nr", LoggedOpStripeUpdate.OFFSET_OLD_BLOCKS_NR);
      }
      case INODE_ALLOC_CURSOR -> {
        u8("bits", InodeAllocCursor.OFFSET_BITS);
        u32("gen", InodeAllocCursor.OFFSET_GENERATION);
        u64("idx", InodeAllocCursor.OFFSET_INDEX);
      }
      default -> {}
    }
  }

  private void dirent() {
    u64("d_inum", Dirent.OFFSET_INUM);
    u32("d_child_subvol", Dirent.OFFSET_CHILD_SUBVOL);
    u32("d_parent_subvol", Dirent.OFFSET_PARENT_SUBVOL);
    bits("d_type", Dirent.OFFSET_TYPE, 1, new BitRange(0, 5));
    bits("d_casefold", Dirent.OFFSET_TYPE, 1, new BitRange(7, 8));
    if (value.byteSize() > Dirent.OFFSET_TYPE && (Le.u8(value, Dirent.OFFSET_TYPE) & 0x80) != 0) {
      fields.add(NamedField.u16("d_name_len", Dirent.OFFSET_NAME_LENGTH));
      fields.add(NamedField.u16("d_cf_name_len", Dirent.OFFSET_FOLDED_LENGTH));
    }
  }

  private void pointer() {
    u64("seq", BtreePtrLayout.OFFSET_SEQ);
    fields.add(NamedField.u16("sectors_written", BtreePtrLayout.OFFSET_SECTORS_WRITTEN));
    bits("range_updated", BtreePtrLayout.OFFSET_FLAGS, 2, BtreePtrLayout.RANGE_UPDATED);
    pos("min_key", BtreePtrLayout.OFFSET_MIN_KEY);
    fields.addAll(ExtentFields.of(value, BtreePtrLayout.BYTES));
  }

  private void pos(String name, long at) {
    u64(name + ".inode", at + Bpos.OFFSET_INODE);
    u64(name + ".offset", at + Bpos.OFFSET_OFFSET);
    u32(name + ".snapshot", at + Bpos.OFFSET_SNAPSHOT);
  }

  private void stripe() {
    fields.add(NamedField.u16("sectors", StripeValue.OFFSET_SECTORS));
    bits("algorithm", StripeValue.OFFSET_FLAGS, 1, StripeValue.ALGORITHM);
    bits("needs_reconcile", StripeValue.OFFSET_FLAGS, 1, StripeValue.NEEDS_RECONCILE);
    bits("can_widen", StripeValue.OFFSET_FLAGS, 1, StripeValue.CAN_WIDEN);
    u8("nr_blocks", StripeValue.OFFSET_NR_BLOCKS);
    u8("nr_redundant", StripeValue.OFFSET_NR_REDUNDANT);
    u8("csum_granularity_bits", StripeValue.OFFSET_CSUM_GRANULARITY_BITS);
    u8("csum_type", StripeValue.OFFSET_CSUM_TYPE);
    u8("disk_label", StripeValue.OFFSET_DISK_LABEL);
    int blocks = value.byteSize() > 4 ? Le.u8(value, StripeValue.OFFSET_NR_BLOCKS) : 0;
    long end = Math.min(value.byteSize(), StripeValue.OFFSET_PTRS + 8L * blocks);
    if (end > StripeValue.OFFSET_PTRS) {
      fields.addAll(ExtentFields.of(value.asSlice(0, end), StripeValue.OFFSET_PTRS));
    }
    StripeCounts.addTo(fields, value);
  }

  private void inodeV3() {
    u64("bi_journal_seq", InodeLayout.V3_JOURNAL_SEQ);
    u64("bi_hash_seed", InodeLayout.V3_HASH_SEED);
    bits("bi_flags", InodeLayout.V3_FLAGS, 8, new BitRange(0, 20));
    bits("bi_str_hash", InodeLayout.V3_FLAGS, 8, new BitRange(20, 24));
    bits("bi_nr_fields", InodeLayout.V3_FLAGS, 8, InodeLayout.V3_NR_FIELDS);
    bits("bi_fields_start", InodeLayout.V3_FLAGS, 8, InodeLayout.V3_FIELDS_START);
    bits("bi_mode", InodeLayout.V3_FLAGS, 8, InodeLayout.V3_MODE);
    u64("bi_sectors", InodeLayout.V3_SECTORS);
    u64("bi_size", InodeLayout.V3_SIZE);
    u64("bi_version", InodeLayout.V3_VERSION);
  }

  private void alloc() {
    u64("journal_seq_nonempty", AllocV4.OFFSET_JOURNAL_SEQ_NONEMPTY);
    u32("flags", AllocV4.OFFSET_FLAGS);
    bits("need_discard", AllocV4.OFFSET_FLAGS, 4, AllocV4.FLAG_NEED_DISCARD);
    bits("need_inc_gen", AllocV4.OFFSET_FLAGS, 4, AllocV4.FLAG_NEED_INC_GEN);
    bits("backpointers_start", AllocV4.OFFSET_FLAGS, 4, AllocV4.FLAG_BACKPOINTERS_START);
    u8("gen", AllocV4.OFFSET_GENERATION);
    u8("oldest_gen", AllocV4.OFFSET_OLDEST_GENERATION);
    u8("data_type", AllocV4.OFFSET_DATA_TYPE);
    u8("stripe_redundancy", AllocV4.OFFSET_STRIPE_REDUNDANCY_OBSOLETE);
    u32("dirty_sectors", AllocV4.OFFSET_DIRTY_SECTORS);
    u32("cached_sectors", AllocV4.OFFSET_CACHED_SECTORS);
    u64("read_time", AllocV4.OFFSET_READ_TIME);
    u64("write_time", AllocV4.OFFSET_WRITE_TIME);
    u32("stripe_refcount", AllocV4.OFFSET_STRIPE_REFCOUNT);
    u32("nr_external_backpointers", AllocV4.OFFSET_EXTERNAL_BACKPOINTERS);
    u64("journal_seq_empty", AllocV4.OFFSET_JOURNAL_SEQ_EMPTY);
    u32("stripe_sectors", AllocV4.OFFSET_STRIPE_SECTORS);
    u32("pad", AllocV4.OFFSET_PAD);
  }

  private void backpointer() {
    u8("btree_id", Backpointer.OFFSET_BTREE);
    u8("level", Backpointer.OFFSET_LEVEL);
    u8("data_type", Backpointer.OFFSET_DATA_TYPE);
    u8("bucket_gen", Backpointer.OFFSET_BUCKET_GENERATION);
    u32("flags", Backpointer.OFFSET_FLAGS);
    u32("bucket_len", Backpointer.OFFSET_BUCKET_SECTORS);
    u64("pos.inode", Backpointer.OFFSET_POS_INODE);
    u64("pos.offset", Backpointer.OFFSET_POS_OFFSET);
    u32("pos.snapshot", Backpointer.OFFSET_POS_SNAPSHOT);
  }

  private void snapshot() {
    u32("flags", Snapshot.OFFSET_FLAGS);
    u32("parent", Snapshot.OFFSET_PARENT);
    u32("child0", Snapshot.OFFSET_CHILDREN);
    u32("child1", Snapshot.OFFSET_CHILDREN + 4L);
    u32("subvol", Snapshot.OFFSET_SUBVOL);
    u32("tree", Snapshot.OFFSET_TREE);
    u32("depth", Snapshot.OFFSET_DEPTH);
    u32("skip0", Snapshot.OFFSET_SKIP);
    u32("skip1", Snapshot.OFFSET_SKIP + 4L);
    u32("skip2", Snapshot.OFFSET_SKIP + 8L);
    u64("btime", Snapshot.OFFSET_BTIME);
    u32("state", Snapshot.OFFSET_STATE);
  }

  private void subvolume() {
    u32("flags", Subvolume.OFFSET_FLAGS);
    u32("snapshot", Subvolume.OFFSET_SNAPSHOT);
    u64("inode", Subvolume.OFFSET_INODE);
    u32("creation_parent", Subvolume.OFFSET_CREATION_PARENT);
    u32("fs_path_parent", Subvolume.OFFSET_FS_PATH_PARENT);
    u64("otime", Subvolume.OFFSET_OTIME);
    u32("state", Subvolume.OFFSET_STATE);
  }

  private void words(String name) {
    for (int i = 0; i < value.byteSize() / Long.BYTES; i++) {
      u64(name + i, 8L * i);
    }
  }

  private void u8(String name, long at) {
    fields.add(NamedField.u8(name, at));
  }

  private void u32(String name, long at) {
    fields.add(NamedField.u32(name, at));
  }

  private void u64(String name, long at) {
    fields.add(NamedField.u64(name, at));
  }

  private void bits(String name, long at, int bytes, BitRange bits) {
    fields.add(NamedField.bits(name, at, bytes, bits));
  }
}
