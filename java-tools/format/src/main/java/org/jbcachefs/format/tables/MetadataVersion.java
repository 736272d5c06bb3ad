// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Locale;

/**
 * The on-disk format's versions. A number is {@code major << 10 | minor}; versions before 1.0 have
 * major 0. Names are the format's own. Source: {@code BCH_METADATA_VERSIONS}.
 */
public enum MetadataVersion {
  BKEY_RENUMBER(0, 10),
  INODE_BTREE_CHANGE(0, 11),
  SNAPSHOT(0, 12),
  INODE_BACKPOINTERS(0, 13),
  BTREE_PTR_SECTORS_WRITTEN(0, 14),
  SNAPSHOT_2(0, 15),
  REFLINK_P_FIX(0, 16),
  SUBVOL_DIRENT(0, 17),
  INODE_V2(0, 18),
  FREESPACE(0, 19),
  ALLOC_V4(0, 20),
  NEW_DATA_TYPES(0, 21),
  BACKPOINTERS(0, 22),
  INODE_V3(0, 23),
  UNWRITTEN_EXTENTS(0, 24),
  BUCKET_GENS(0, 25),
  LRU_V2(0, 26),
  FRAGMENTATION_LRU(0, 27),
  NO_BPS_IN_ALLOC_KEYS(0, 28),
  SNAPSHOT_TREES(0, 29),
  MAJOR_MINOR(1, 0),
  SNAPSHOT_SKIPLISTS(1, 1),
  DELETED_INODES(1, 2),
  REBALANCE_WORK(1, 3),
  MEMBER_SEQ(1, 4),
  SUBVOLUME_FS_PARENT(1, 5),
  BTREE_SUBVOLUME_CHILDREN(1, 6),
  MI_BTREE_BITMAP(1, 7),
  BUCKET_STRIPE_SECTORS(1, 8),
  DISK_ACCOUNTING_V2(1, 9),
  DISK_ACCOUNTING_V3(1, 10),
  DISK_ACCOUNTING_INUM(1, 11),
  REBALANCE_WORK_ACCT_FIX(1, 12),
  INODE_HAS_CHILD_SNAPSHOTS(1, 13),
  BACKPOINTER_BUCKET_GEN(1, 14),
  DISK_ACCOUNTING_BIG_ENDIAN(1, 15),
  REFLINK_P_MAY_UPDATE_OPTS(1, 16),
  INODE_DEPTH(1, 17),
  PERSISTENT_INODE_CURSORS(1, 18),
  AUTOFIX_ERRORS(1, 19),
  DIRECTORY_SIZE(1, 20),
  CACHED_BACKPOINTERS(1, 21),
  STRIPE_BACKPOINTERS(1, 22),
  STRIPE_LRU(1, 23),
  CASEFOLDING(1, 24),
  EXTENT_FLAGS(1, 25),
  SNAPSHOT_DELETION_V2(1, 26),
  FAST_DEVICE_REMOVAL(1, 27),
  INODE_HAS_CASE_INSENSITIVE(1, 28),
  EXTENT_SNAPSHOT_WHITEOUTS(1, 29),
  DIRENT_OFFSET_31BIT(1, 30, "31bit_dirent_offset"),
  BTREE_NODE_ACCOUNTING(1, 31),
  SB_FIELD_EXTENT_TYPE_U64S(1, 32),
  RECONCILE(1, 33),
  EXTENTED_KEY_TYPE_ERROR(1, 34),
  BUCKET_STRIPE_INDEX(1, 35),
  NO_SB_USER_DATA_REPLICAS(1, 36),
  ERASURE_CODING(1, 37),
  NEED_DISCARD_BY_JOURNAL_SEQ(1, 38),
  PER_DEV_FRAGMENTATION_LRU(1, 39);

  /** The version that filesystems are made for and brought to unless another one is asked for. */
  public static final MetadataVersion CURRENT = NEED_DISCARD_BY_JOURNAL_SEQ;

  /** The newest version that is known; filesystems of it are read and written. */
  public static final MetadataVersion NEWEST = PER_DEV_FRAGMENTATION_LRU;

  /** Number of the oldest version the format's history reaches back to. */
  public static final int MIN_NUMBER = 9;

  private static final int MINOR_BITS = 10;

  private final int number;
  private final String text;

  MetadataVersion(int major, int minor) {
    this.number = number(major, minor);
    this.text = name().toLowerCase(Locale.ROOT);
  }

  MetadataVersion(int major, int minor, String text) {
    this.number = number(major, minor);
    this.text = text;
  }

  public int number() {
    return number;
  }

  public static int number(int major, int minor) {
    return major << MINOR_BITS | minor;
  }

  /**
   * Number of the version that a filesystem is written as when nobody asks for another: {@link
   * #CURRENT}, or its own if that is newer and known.
   *
   * @param version number of the filesystem's version
   */
  public static int writtenAs(int version) {
    return Math.max(CURRENT.number, Math.min(version, NEWEST.number));
  }

  public static int major(int number) {
    return number >> MINOR_BITS;
  }

  public static int minor(int number) {
    return number & ((1 << MINOR_BITS) - 1);
  }

  /** The version with that number, or null for one that is not known. */
  public static MetadataVersion of(int number) {
    for (MetadataVersion version : values()) {
      if (version.number == number) {
        return version;
      }
    }
    return null;
  }

  /** Name and number, e.g. "erasure_coding (1.37)", or "(unknown version) (1.77)". */
  public static String describe(int number) {
    MetadataVersion version = of(number);
    return version == null ? describeUnknown(number) : version + digits(number);
  }

  /** The number, as of a version without a name. */
  public static String describeUnknown(int number) {
    return "(unknown version)" + digits(number);
  }

  private static String digits(int number) {
    return " (" + major(number) + "." + minor(number) + ")";
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return text;
  }
}
