// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.tables.FilesystemOption;

/** Where the superblock keeps each option, and in which form. */
final class OptionStorage {
  /** How a value is stored. */
  private enum Form {
    PLAIN,
    /** In units of 512 bytes. */
    SECTORS,
    /** The base-2 logarithm of a number of sectors. */
    LOG2_SECTORS
  }

  private static final Map<FilesystemOption, SuperblockFlag> IN_FLAGS = inFlags();
  private static final Map<FilesystemOption, BitRange> IN_EXT = inExt();

  private OptionStorage() {}

  static OptionalLong read(Superblock superblock, FilesystemOption option) {
    return switch (option) {
      case BLOCK_SIZE -> OptionalLong.of(superblock.blockBytes());
      case COMPRESSION ->
          OptionalLong.of(
              twoParts(
                  superblock,
                  SuperblockFlag.COMPRESSION_TYPE_LO,
                  SuperblockFlag.COMPRESSION_TYPE_HI));
      case BACKGROUND_COMPRESSION ->
          OptionalLong.of(
              twoParts(
                  superblock,
                  SuperblockFlag.BACKGROUND_COMPRESSION_TYPE_LO,
                  SuperblockFlag.BACKGROUND_COMPRESSION_TYPE_HI));
      default -> onePart(superblock, option);
    };
  }

  /** Stores an option; false if superblocks have no place for it. */
  static boolean write(SuperblockEditor editor, FilesystemOption option, long value) {
    switch (option) {
      case BLOCK_SIZE -> editor.blockSectors((int) (value >> 9));
      case COMPRESSION ->
          twoParts(
              editor,
              value,
              SuperblockFlag.COMPRESSION_TYPE_LO,
              SuperblockFlag.COMPRESSION_TYPE_HI);
      case BACKGROUND_COMPRESSION ->
          twoParts(
              editor,
              value,
              SuperblockFlag.BACKGROUND_COMPRESSION_TYPE_LO,
              SuperblockFlag.BACKGROUND_COMPRESSION_TYPE_HI);
      default -> {
        return onePart(editor, option, encode(option, value));
      }
    }
    return true;
  }

  /** Whether superblocks have a place for an option. */
  static boolean keeps(FilesystemOption option) {
    return switch (option) {
      case BLOCK_SIZE, COMPRESSION, BACKGROUND_COMPRESSION -> true;
      default -> IN_FLAGS.containsKey(option) || IN_EXT.containsKey(option);
    };
  }

  private static void twoParts(
      SuperblockEditor editor, long value, SuperblockFlag low, SuperblockFlag high) {
    editor.flag(low, value & low.bits().max());
    editor.flag(high, value >>> low.bits().bits());
  }

  private static boolean onePart(SuperblockEditor editor, FilesystemOption option, long stored) {
    SuperblockFlag flag = IN_FLAGS.get(option);
    if (flag != null) {
      editor.flag(flag, stored);
    }
    BitRange bits = IN_EXT.get(option);
    if (bits != null) {
      editor.extFlags(bits, stored);
    }
    return flag != null || bits != null;
  }

  private static long encode(FilesystemOption option, long value) {
    return switch (formOf(option)) {
      case PLAIN -> value;
      case SECTORS -> value >> 9;
      case LOG2_SECTORS -> 63 - Long.numberOfLeadingZeros(value >> 9);
    };
  }

  private static long twoParts(Superblock superblock, SuperblockFlag low, SuperblockFlag high) {
    return superblock.flag(high) << low.bits().bits() | superblock.flag(low);
  }

  private static OptionalLong onePart(Superblock superblock, FilesystemOption option) {
    SuperblockFlag flag = IN_FLAGS.get(option);
    if (flag != null) {
      return OptionalLong.of(decode(option, superblock.flag(flag)));
    }
    BitRange bits = IN_EXT.get(option);
    if (bits != null) {
      long word = superblock.ext().map(ExtSection::flags0).orElse(0L);
      return OptionalLong.of(decode(option, bits.get(word)));
    }
    return OptionalLong.empty();
  }

  private static long decode(FilesystemOption option, long stored) {
    return switch (formOf(option)) {
      case PLAIN -> stored;
      case SECTORS -> stored << 9;
      case LOG2_SECTORS -> 1L << stored << 9;
    };
  }

  private static Form formOf(FilesystemOption option) {
    return switch (option) {
      case BTREE_NODE_SIZE, GC_RESERVE_BYTES, DEV_READAHEAD -> Form.SECTORS;
      case ENCODED_EXTENT_MAX -> Form.LOG2_SECTORS;
      default -> Form.PLAIN;
    };
  }

  private static Map<FilesystemOption, BitRange> inExt() {
    Map<FilesystemOption, BitRange> ext = new EnumMap<>(FilesystemOption.class);
    ext.put(FilesystemOption.DEV_READAHEAD, ExtSection.DEV_READAHEAD);
    ext.put(FilesystemOption.EC_STRIPE_BUF_LIMIT, ExtSection.EC_STRIPE_BUF_LIMIT);
    ext.put(FilesystemOption.SCRUB_JOURNAL_MAX_REWIND_SECS, ExtSection.SCRUB_MAX_REWIND_SECS);
    ext.put(FilesystemOption.JOURNAL_REWIND_DISCARD_BUFFER_PERCENT, ExtSection.DISCARD_BUFFER);
    ext.put(FilesystemOption.BTREE_CACHE_SHRINKER_SEEKS, ExtSection.BTREE_CACHE_SHRINKER_SEEKS);
    ext.put(FilesystemOption.MISSING_DEV_TIMEOUT, ExtSection.MISSING_DEV_TIMEOUT);
    return ext;
  }

  private static Map<FilesystemOption, SuperblockFlag> inFlags() {
    Map<FilesystemOption, SuperblockFlag> flags = new EnumMap<>(FilesystemOption.class);
    flags.put(FilesystemOption.BTREE_NODE_SIZE, SuperblockFlag.BTREE_NODE_SIZE);
    flags.put(FilesystemOption.GC_RESERVE_BYTES, SuperblockFlag.GC_RESERVE_BYTES);
    flags.put(FilesystemOption.ENCODED_EXTENT_MAX, SuperblockFlag.ENCODED_EXTENT_MAX_BITS);
    flags.put(FilesystemOption.ERRORS, SuperblockFlag.ERROR_ACTION);
    flags.put(FilesystemOption.WRITE_ERROR_TIMEOUT, SuperblockFlag.WRITE_ERROR_TIMEOUT);
    flags.put(FilesystemOption.METADATA_REPLICAS, SuperblockFlag.META_REPLICAS_WANT);
    flags.put(FilesystemOption.DATA_REPLICAS, SuperblockFlag.DATA_REPLICAS_WANT);
    flags.put(FilesystemOption.METADATA_CHECKSUM, SuperblockFlag.META_CSUM_TYPE);
    flags.put(FilesystemOption.DATA_CHECKSUM, SuperblockFlag.DATA_CSUM_TYPE);
    flags.put(FilesystemOption.CHECKSUM_ERR_RETRY_NR, SuperblockFlag.CSUM_ERR_RETRY_NR);
    flags.put(FilesystemOption.STR_HASH, SuperblockFlag.STR_HASH_TYPE);
    flags.put(FilesystemOption.METADATA_TARGET, SuperblockFlag.METADATA_TARGET);
    flags.put(FilesystemOption.FOREGROUND_TARGET, SuperblockFlag.FOREGROUND_TARGET);
    flags.put(FilesystemOption.BACKGROUND_TARGET, SuperblockFlag.BACKGROUND_TARGET);
    flags.put(FilesystemOption.PROMOTE_TARGET, SuperblockFlag.PROMOTE_TARGET);
    flags.put(FilesystemOption.ERASURE_CODE, SuperblockFlag.ERASURE_CODE);
    flags.put(FilesystemOption.EC_MAX_DATA_BLOCKS, SuperblockFlag.EC_MAX_DATA_BLOCKS);
    flags.put(FilesystemOption.CASEFOLD, SuperblockFlag.CASEFOLD);
    flags.put(FilesystemOption.INODES_32BIT, SuperblockFlag.INODE_32BIT);
    flags.put(FilesystemOption.SHARD_INODE_NUMBERS_BITS, SuperblockFlag.SHARD_INUMS_NBITS);
    flags.put(FilesystemOption.GC_RESERVE_PERCENT, SuperblockFlag.GC_RESERVE);
    flags.put(FilesystemOption.ROOT_RESERVE_PERCENT, SuperblockFlag.ROOT_RESERVE);
    flags.put(FilesystemOption.WIDE_MACS, SuperblockFlag.MACS_128_BIT);
    flags.put(FilesystemOption.PROMOTE_WHOLE_EXTENTS, SuperblockFlag.PROMOTE_WHOLE_EXTENTS);
    flags.put(FilesystemOption.ACL, SuperblockFlag.POSIX_ACL);
    flags.put(FilesystemOption.USRQUOTA, SuperblockFlag.USRQUOTA);
    flags.put(FilesystemOption.GRPQUOTA, SuperblockFlag.GRPQUOTA);
    flags.put(FilesystemOption.PRJQUOTA, SuperblockFlag.PRJQUOTA);
    flags.put(FilesystemOption.DEGRADED, SuperblockFlag.DEGRADED_ACTION);
    flags.put(FilesystemOption.JOURNAL_FLUSH_DELAY, SuperblockFlag.JOURNAL_FLUSH_DELAY);
    flags.put(FilesystemOption.JOURNAL_FLUSH_DISABLED, SuperblockFlag.JOURNAL_FLUSH_DISABLED);
    flags.put(FilesystemOption.MOVE_WRITES_FUA, SuperblockFlag.MOVE_WRITES_FUA);
    flags.put(FilesystemOption.JOURNAL_RECLAIM_DELAY, SuperblockFlag.JOURNAL_RECLAIM_DELAY);
    flags.put(FilesystemOption.WRITEBACK_TIMEOUT, SuperblockFlag.WRITEBACK_TIMEOUT);
    flags.put(FilesystemOption.SCRUB_RECENT_JOURNAL_ENTRIES, SuperblockFlag.SCRUB_JOURNAL);
    flags.put(FilesystemOption.JOURNAL_TRANSACTION_NAMES, SuperblockFlag.JOURNAL_TRANSACTION_NAMES);
    flags.put(FilesystemOption.ALLOCATOR_STUCK_TIMEOUT, SuperblockFlag.ALLOCATOR_STUCK_TIMEOUT);
    flags.put(FilesystemOption.VERSION_UPGRADE, SuperblockFlag.VERSION_UPGRADE);
    flags.put(FilesystemOption.NOCOW, SuperblockFlag.NOCOW);
    flags.put(FilesystemOption.RECONCILE_ON_AC_ONLY, SuperblockFlag.REBALANCE_AC_ONLY);
    return flags;
  }
}
