// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;

/** The superblock's fixed part, its layout table and the members. */
final class SuperblockClaims implements LayoutClaims {
  /** Flags of version 1.39, which the file does not have. */
  private static final java.util.Set<SuperblockFlag> NEWER =
      java.util.Set.of(SuperblockFlag.MOVE_WRITES_FUA, SuperblockFlag.DIRENTS_SANITIZED);

  @Override
  public void claim(Claims claims) {
    fixedPart(claims);
    flags(claims);
    layout(claims);
    member(claims);
    memberFlags(claims);
  }

  private static void fixedPart(Claims claims) {
    claims
        .size("bch_sb", Superblock.BYTES)
        .offset("bch_sb", "csum", Superblock.OFFSET_CSUM)
        .offset("bch_sb", "version", Superblock.OFFSET_VERSION)
        .offset("bch_sb", "version_min", Superblock.OFFSET_VERSION_MIN)
        .offset("bch_sb", "pad", Superblock.OFFSET_PAD)
        .offset("bch_sb", "magic", Superblock.OFFSET_MAGIC)
        .offset("bch_sb", "uuid", Superblock.OFFSET_UUID)
        .offset("bch_sb", "user_uuid", Superblock.OFFSET_USER_UUID)
        .offset("bch_sb", "label", Superblock.OFFSET_LABEL)
        .offset("bch_sb", "offset", Superblock.OFFSET_OFFSET)
        .offset("bch_sb", "seq", Superblock.OFFSET_SEQ)
        .offset("bch_sb", "block_size", Superblock.OFFSET_BLOCK_SIZE)
        .offset("bch_sb", "dev_idx", Superblock.OFFSET_DEV_IDX)
        .offset("bch_sb", "nr_devices", Superblock.OFFSET_NR_DEVICES)
        .offset("bch_sb", "u64s", Superblock.OFFSET_U64S)
        .offset("bch_sb", "time_base_lo", Superblock.OFFSET_TIME_BASE_LO)
        .offset("bch_sb", "time_base_hi", Superblock.OFFSET_TIME_BASE_HI)
        .offset("bch_sb", "time_precision", Superblock.OFFSET_TIME_PRECISION)
        .offset("bch_sb", "flags", Superblock.OFFSET_FLAGS)
        .offset("bch_sb", "write_time", Superblock.OFFSET_WRITE_TIME)
        .offset("bch_sb", "features", Superblock.OFFSET_FEATURES)
        .offset("bch_sb", "compat", Superblock.OFFSET_COMPAT)
        .offset("bch_sb", "layout", Superblock.OFFSET_LAYOUT)
        .offset("bch_sb", "start", Superblock.OFFSET_SECTIONS)
        .offset("bch_sb", "_data", Superblock.OFFSET_SECTIONS)
        .constant("BCH_SB_SECTOR", Superblock.SECTOR)
        .constant("BCH_SB_LABEL_SIZE", Superblock.LABEL_BYTES)
        .constant("BCH_SB_EXTENT_BP_SHIFT_DEFAULT", Superblock.EXTENT_BP_SHIFT_DEFAULT)
        .mask("BCH_SB_BLOCK_SIZE", "bch_sb", "block_size", new BitRange(0, 16));
  }

  private static void flags(Claims claims) {
    for (SuperblockFlag flag : SuperblockFlag.values()) {
      if (!NEWER.contains(flag)) {
        String name = flag == SuperblockFlag.MACS_128_BIT ? "128_BIT_MACS" : flag.name();
        claims.mask("BCH_SB_" + name, "bch_sb", "flags[" + flag.word() + "]", flag.bits());
      }
    }
  }

  private static void layout(Claims claims) {
    claims
        .size("bch_sb_layout", SuperblockLayout.BYTES)
        .offset("bch_sb_layout", "magic", SuperblockLayout.OFFSET_MAGIC)
        .offset("bch_sb_layout", "layout_type", SuperblockLayout.OFFSET_LAYOUT_TYPE)
        .offset("bch_sb_layout", "sb_max_size_bits", SuperblockLayout.OFFSET_SB_MAX_SIZE_BITS)
        .offset("bch_sb_layout", "nr_superblocks", SuperblockLayout.OFFSET_NR_SUPERBLOCKS)
        .offset("bch_sb_layout", "pad", SuperblockLayout.OFFSET_PAD)
        .offset("bch_sb_layout", "sb_offset", SuperblockLayout.OFFSET_SB_OFFSET)
        .constant("BCH_SB_LAYOUT_SECTOR", SuperblockLayout.SECTOR)
        .constant("BCH_SB_LAYOUT_SIZE_BITS_MAX", SuperblockLayout.MAX_SIZE_BITS);
  }

  private static void member(Claims claims) {
    claims
        .size("bch_member", Member.OFFSET_FAILURE_DOMAIN)
        .offset("bch_member", "uuid", Member.OFFSET_UUID)
        .offset("bch_member", "nbuckets", Member.OFFSET_NBUCKETS)
        .offset("bch_member", "first_bucket", Member.OFFSET_FIRST_BUCKET)
        .offset("bch_member", "bucket_size", Member.OFFSET_BUCKET_SIZE)
        .offset("bch_member", "btree_bitmap_shift", Member.OFFSET_BTREE_BITMAP_SHIFT)
        .offset("bch_member", "pad", Member.OFFSET_BTREE_BITMAP_SHIFT + 1)
        .offset("bch_member", "last_mount", Member.OFFSET_LAST_MOUNT)
        .offset("bch_member", "flags", Member.OFFSET_FLAGS)
        .offset("bch_member", "iops", Member.OFFSET_IOPS)
        .offset("bch_member", "errors", Member.OFFSET_ERRORS)
        .offset("bch_member", "errors_at_reset", Member.OFFSET_ERRORS_AT_RESET)
        .offset("bch_member", "errors_reset_time", Member.OFFSET_ERRORS_RESET_TIME)
        .offset("bch_member", "seq", Member.OFFSET_SEQ)
        .offset("bch_member", "btree_allocated_bitmap", Member.OFFSET_BTREE_ALLOCATED_BITMAP)
        .offset("bch_member", "last_journal_bucket", Member.OFFSET_LAST_JOURNAL_BUCKET)
        .offset(
            "bch_member", "last_journal_bucket_offset", Member.OFFSET_LAST_JOURNAL_BUCKET_OFFSET)
        .offset("bch_member", "device_name", Member.OFFSET_DEVICE_NAME)
        .offset("bch_member", "device_model", Member.OFFSET_DEVICE_MODEL)
        .offset("bch_member", "flush_errors", Member.OFFSET_FLUSH_ERRORS)
        .offset("bch_member", "device_serial", Member.OFFSET_DEVICE_SERIAL)
        .constant("BCH_MEMBER_V1_BYTES", Member.V1_BYTES)
        .constant("BCH_SB_MEMBER_INVALID", Member.NO_DEVICE)
        .constant("BCH_SB_MEMBERS_MAX", Member.NO_DEVICE + 1)
        .constant("BCH_MI_BTREE_BITMAP_SHIFT_MAX", Member.MAX_BITMAP_SHIFT);
  }

  private static void memberFlags(Claims claims) {
    claims
        .mask("BCH_MEMBER_BUCKET_SIZE", "bch_member", "bucket_size", new BitRange(0, 16))
        .mask("BCH_MEMBER_STATE", "bch_member", "flags", Member.STATE)
        .mask("BCH_MEMBER_DISCARD", "bch_member", "flags", Member.DISCARD)
        .mask("BCH_MEMBER_DATA_ALLOWED", "bch_member", "flags", Member.DATA_ALLOWED)
        .mask("BCH_MEMBER_GROUP", "bch_member", "flags", Member.GROUP)
        .mask("BCH_MEMBER_DURABILITY", "bch_member", "flags", Member.DURABILITY)
        .mask(
            "BCH_MEMBER_FREESPACE_INITIALIZED", "bch_member", "flags", Member.FREESPACE_INITIALIZED)
        .mask("BCH_MEMBER_RESIZE_ON_MOUNT", "bch_member", "flags", Member.RESIZE_ON_MOUNT)
        .mask("BCH_MEMBER_ROTATIONAL", "bch_member", "flags", Member.ROTATIONAL)
        .mask("BCH_MEMBER_ROTATIONAL_SET", "bch_member", "flags", Member.ROTATIONAL_SET)
        .mask("BCH_MEMBER_INITIALIZED", "bch_member", "flags", Member.INITIALIZED)
        .setAside("M BCH_MEMBER_NR_READ_ERRORS", "commented out in the reference")
        .setAside("M BCH_MEMBER_NR_WRITE_ERRORS", "commented out in the reference");
  }
}
