// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/**
 * What must hold of any key by itself, whatever else is in the filesystem. Thread-safe; allocates
 * nothing for keys of the types that scans meet by the million, unless they are wrong. Source:
 * {@code bch2_bkey_validate}.
 */
public final class KeyValidation {
  /** The least value that each type must have, in bytes, by its number. */
  private static final int[] MIN_VALUE_BYTES = minValueBytes();

  /** Types that old filesystems have in btrees where they do not belong. */
  private static final long LOOSE =
      bits(KeyType.DELETED, KeyType.WHITEOUT, KeyType.ERROR, KeyType.COOKIE, KeyType.SET);

  private static final long NODE_POINTERS =
      bits(KeyType.DELETED, KeyType.BTREE_PTR, KeyType.BTREE_PTR_V2);

  private KeyValidation() {}

  private static long bits(KeyType... types) {
    long bits = 0;
    for (KeyType type : types) {
      bits |= 1L << type.number();
    }
    return bits;
  }

  private static int[] minValueBytes() {
    int[] bytes = new int[KeyType.values().length];
    for (KeyType type : KeyType.values()) {
      bytes[type.number()] =
          switch (type) {
            case COOKIE, RESERVATION, INODE_GENERATION, XATTR, ALLOC, STRIPE -> 8;
            case REFLINK_V, INDIRECT_INLINE_DATA, ALLOC_V2, LRU, SNAPSHOT_TREE, ACCOUNTING -> 8;
            case INODE, DIRENT, REFLINK_P, SUBVOLUME, ALLOC_V3, INODE_ALLOC_CURSOR -> 16;
            case SNAPSHOT, LOGGED_OP_TRUNCATE, LOGGED_OP_FINSERT -> 24;
            case QUOTA, INODE_V2, BACKPOINTER -> 32;
            case BTREE_PTR_V2, LOGGED_OP_STRIPE_UPDATE -> 40;
            case ALLOC_V4, INODE_V3 -> 48;
            default -> 0;
          };
    }
    return bytes;
  }

  /** Whether the value is shorter than any of its type can be. */
  static boolean isTooShort(Bkey key) {
    return key.type() < MIN_VALUE_BYTES.length && key.valueBytes() < MIN_VALUE_BYTES[key.type()];
  }

  /**
   * The first thing that is wrong with a key, or null.
   *
   * @param version of the filesystem
   */
  public static Problem check(int btree, int level, Bkey key, int version) {
    Problem problem = checkHeader(btree, level, key);
    if (problem != null) {
      return problem;
    }
    if (isTooShort(key)) {
      return new Problem(
          "bkey_val_size_too_small",
          "bad val size (" + key.valueBytes() + " < " + MIN_VALUE_BYTES[key.type()] + ")");
    }
    return ValueChecks.check(key, version);
  }

  /** What is wrong with a key apart from its value, or null. */
  public static Problem checkHeader(int btree, int level, Bkey key) {
    BtreeId id = BtreeId.of(btree);
    if (level == 0 && id == null) {
      return null;
    }
    if (isOutOfPlace(id, level, key.type())) {
      String where = level > 0 ? "internal btree node" : id.toString();
      return new Problem(
          "bkey_invalid_type_for_btree",
          "invalid key type for btree " + where + " (" + KeyType.nameOf(key.type()) + ")");
    }
    Problem size = checkSize(level == 0 && id.hasExtents(), key);
    return size != null || level > 0 ? size : checkPosition(id, key);
  }

  private static boolean isOutOfPlace(BtreeId id, int level, int type) {
    KeyType known = KeyType.of(type);
    if (known == null) {
      return false;
    }
    if (level > 0) {
      return (NODE_POINTERS >>> type & 1) == 0;
    }
    return (LOOSE >>> type & 1) == 0 && !id.allows(known);
  }

  private static Problem checkSize(boolean extents, Bkey key) {
    boolean whiteout =
        key.type() == KeyType.DELETED.number()
            || key.type() == KeyType.WHITEOUT.number()
            || key.type() == KeyType.EXTENT_WHITEOUT.number();
    long size = Integer.toUnsignedLong(key.size());
    if (!extents || whiteout) {
      return size != 0 ? new Problem("bkey_size_nonzero", "size != 0") : null;
    }
    if (size == 0) {
      return new Problem("bkey_extent_size_zero", "size == 0");
    }
    return Long.compareUnsigned(size, key.offset()) > 0
        ? new Problem(
            "bkey_extent_size_greater_than_offset",
            "size greater than offset (" + size + " > " + Long.toUnsignedString(key.offset()) + ")")
        : null;
  }

  private static Problem checkPosition(BtreeId id, Bkey key) {
    if (id.hasSnapshots() && key.snapshot() == 0) {
      return new Problem("bkey_snapshot_zero", "snapshot == 0");
    }
    if (!id.hasSnapshots() && !id.hasSnapshotField() && key.snapshot() != 0) {
      return new Problem("bkey_snapshot_nonzero", "nonzero snapshot");
    }
    return key.inode() == -1 && key.offset() == -1
        ? new Problem("bkey_at_pos_max", "key at POS_MAX")
        : null;
  }
}
