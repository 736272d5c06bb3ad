// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

/**
 * The key types and their numbers on disk. Numbers beyond these are kept and passed through, never
 * interpreted. Source: {@code BCH_BKEY_TYPES}; {@link #DAMAGE} is of version 1.39.
 */
public enum KeyType {
  DELETED(0),
  WHITEOUT(1),
  ERROR(2),
  COOKIE(3),
  HASH_WHITEOUT(4),
  BTREE_PTR(5),
  EXTENT(6),
  RESERVATION(7),
  INODE(8),
  INODE_GENERATION(9),
  DIRENT(10),
  XATTR(11),
  ALLOC(12),
  QUOTA(13),
  STRIPE(14),
  REFLINK_P(15),
  REFLINK_V(16),
  INLINE_DATA(17),
  BTREE_PTR_V2(18),
  INDIRECT_INLINE_DATA(19),
  ALLOC_V2(20),
  SUBVOLUME(21),
  SNAPSHOT(22),
  INODE_V2(23),
  ALLOC_V3(24),
  SET(25),
  LRU(26),
  ALLOC_V4(27),
  BACKPOINTER(28),
  INODE_V3(29),
  BUCKET_GENS(30),
  SNAPSHOT_TREE(31),
  LOGGED_OP_TRUNCATE(32),
  LOGGED_OP_FINSERT(33),
  ACCOUNTING(34),
  INODE_ALLOC_CURSOR(35),
  EXTENT_WHITEOUT(36),
  LOGGED_OP_STRIPE_UPDATE(37),
  DAMAGE(38);

  private static final KeyType[] BY_NUMBER = values();

  private final int number;

  KeyType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The type with that number, or null for one that is not known. */
  public static KeyType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The number of a key type by its name, or by its number; -1 if there is none. */
  public static int numberOf(String word) {
    for (KeyType type : BY_NUMBER) {
      if (type.toString().equals(word)) {
        return type.number;
      }
    }
    return small(word, 256);
  }

  static int small(String word, int limit) {
    if (word.isEmpty() || word.length() > 3 || !word.chars().allMatch(Character::isDigit)) {
      return -1;
    }
    int number = Integer.parseInt(word);
    return number < limit ? number : -1;
  }

  /** The format's own name of a type, e.g. "inode_v3", or "unknown_99". */
  public static String nameOf(int number) {
    KeyType type = of(number);
    return type == null ? "unknown_" + number : type.toString();
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
