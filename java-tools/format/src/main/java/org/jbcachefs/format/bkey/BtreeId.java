// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

/**
 * The btrees: numbers on disk, what kind of positions they have, and which key types belong there.
 * Numbers beyond these are tolerated and preserved. Source: {@code BCH_BTREE_IDS}; {@link #DAMAGE}
 * is of version 1.39.
 */
public enum BtreeId {
  EXTENTS(
      0,
      Flags.EXTENTS | Flags.SNAPSHOTS | Flags.DATA,
      KeyType.WHITEOUT,
      KeyType.EXTENT_WHITEOUT,
      KeyType.ERROR,
      KeyType.COOKIE,
      KeyType.EXTENT,
      KeyType.RESERVATION,
      KeyType.REFLINK_P,
      KeyType.INLINE_DATA),
  INODES(
      1,
      Flags.SNAPSHOTS,
      KeyType.WHITEOUT,
      KeyType.INODE,
      KeyType.INODE_V2,
      KeyType.INODE_V3,
      KeyType.INODE_GENERATION),
  DIRENTS(2, Flags.SNAPSHOTS, KeyType.WHITEOUT, KeyType.HASH_WHITEOUT, KeyType.DIRENT),
  XATTRS(
      3, Flags.SNAPSHOTS, KeyType.WHITEOUT, KeyType.COOKIE, KeyType.HASH_WHITEOUT, KeyType.XATTR),
  ALLOC(4, 0, KeyType.ALLOC, KeyType.ALLOC_V2, KeyType.ALLOC_V3, KeyType.ALLOC_V4),
  QUOTAS(5, 0, KeyType.QUOTA),
  STRIPES(6, Flags.DATA, KeyType.STRIPE),
  REFLINK(
      7,
      Flags.EXTENTS | Flags.DATA,
      KeyType.REFLINK_V,
      KeyType.INDIRECT_INLINE_DATA,
      KeyType.ERROR),
  SUBVOLUMES(8, 0, KeyType.SUBVOLUME),
  SNAPSHOTS(9, 0, KeyType.SNAPSHOT),
  LRU(10, 0, KeyType.SET),
  FREESPACE(11, Flags.EXTENTS, KeyType.SET),
  NEED_DISCARD(12, 0, KeyType.SET),
  BACKPOINTERS(13, 0, KeyType.BACKPOINTER),
  BUCKET_GENS(14, 0, KeyType.BUCKET_GENS),
  SNAPSHOT_TREES(15, 0, KeyType.SNAPSHOT_TREE),
  DELETED_INODES(16, Flags.SNAPSHOT_FIELD, KeyType.SET),
  LOGGED_OPS(
      17,
      0,
      KeyType.LOGGED_OP_TRUNCATE,
      KeyType.LOGGED_OP_FINSERT,
      KeyType.LOGGED_OP_STRIPE_UPDATE,
      KeyType.INODE_ALLOC_CURSOR),
  RECONCILE_WORK(18, Flags.SNAPSHOT_FIELD, KeyType.SET, KeyType.COOKIE),
  SUBVOLUME_CHILDREN(19, 0, KeyType.SET),
  ACCOUNTING(20, Flags.SNAPSHOT_FIELD, KeyType.ACCOUNTING),
  RECONCILE_HIPRI(21, Flags.SNAPSHOT_FIELD, KeyType.SET),
  RECONCILE_PENDING(22, Flags.SNAPSHOT_FIELD, KeyType.SET),
  RECONCILE_SCAN(23, 0, KeyType.COOKIE, KeyType.BACKPOINTER),
  RECONCILE_WORK_PHYS(24, 0, KeyType.SET),
  RECONCILE_HIPRI_PHYS(25, 0, KeyType.SET),
  BUCKET_TO_STRIPE(26, 0, KeyType.SET),
  STRIPE_BACKPOINTERS(27, 0, KeyType.BACKPOINTER),
  DAMAGE(28, Flags.SNAPSHOTS, KeyType.WHITEOUT, KeyType.DAMAGE);

  /** Btree ids on disk are below this. */
  public static final int NUMBER_LIMIT = 63;

  /** Levels are below this; leaves are level 0. */
  public static final int MAX_DEPTH = 4;

  private static final BtreeId[] BY_NUMBER = values();

  private static final class Flags {
    static final int EXTENTS = 1;
    static final int SNAPSHOTS = 2;
    static final int SNAPSHOT_FIELD = 4;
    static final int DATA = 8;
  }

  private final int number;
  private final int flags;
  private final long keyTypes;

  BtreeId(int number, int flags, KeyType first, KeyType... rest) {
    this.number = number;
    this.flags = flags;
    long mask = 1L << first.number();
    for (KeyType type : rest) {
      mask |= 1L << type.number();
    }
    this.keyTypes = mask;
  }

  public int number() {
    return number;
  }

  /** Keys have a size, and their position is the end of their range. */
  public boolean hasExtents() {
    return (flags & Flags.EXTENTS) != 0;
  }

  /** The snapshot field is a snapshot id and filters visibility. */
  public boolean hasSnapshots() {
    return (flags & Flags.SNAPSHOTS) != 0;
  }

  /** The snapshot field may be anything. */
  public boolean hasSnapshotField() {
    return (flags & Flags.SNAPSHOT_FIELD) != 0;
  }

  /** Leaf keys may point to data. */
  public boolean hasDataPointers() {
    return (flags & Flags.DATA) != 0;
  }

  /** Whether a leaf of this btree may hold that key type; deleted and whiteouts aside. */
  public boolean allows(KeyType type) {
    return (keyTypes & (1L << type.number())) != 0;
  }

  /** The btree with that number, or null for one that is not known. */
  public static BtreeId of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The number of a btree by its name, or by its number; -1 if there is none. */
  public static int numberOf(String word) {
    for (BtreeId id : BY_NUMBER) {
      if (id.toString().equals(word)) {
        return id.number;
      }
    }
    return KeyType.small(word, NUMBER_LIMIT);
  }

  /** The format's own name, e.g. "extents", or "(unknown btree 40)". */
  public static String nameOf(int number) {
    BtreeId id = of(number);
    return id == null ? "(unknown btree " + number + ")" : id.toString();
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
