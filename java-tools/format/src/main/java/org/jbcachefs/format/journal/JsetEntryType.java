// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

/**
 * What an entry inside a jset holds. Numbers beyond these are skipped and preserved. Source: {@code
 * BCH_JSET_ENTRY_TYPES}.
 */
public enum JsetEntryType {
  /** Updates: keys that replace what the btree has at their positions. */
  BTREE_KEYS(0),
  /** One key: the pointer to a btree's root, recorded in every journal entry. */
  BTREE_ROOT(1),
  /** Legacy, without meaning. */
  PRIO_PTRS(2),
  /** Legacy: one sequence number that does not count. */
  BLACKLIST(3),
  /** Legacy: a range of sequence numbers that do not count, both ends included. */
  BLACKLIST_V2(4),
  /** The highest key version; in older filesystems also numbers of inodes and reservations. */
  USAGE(5),
  /** Legacy: sectors by replicas. */
  DATA_USAGE(6),
  /** Sectors read or written since the filesystem was made. */
  CLOCK(7),
  /** Legacy: buckets and sectors of a device. */
  DEV_USAGE(8),
  /** A message, usually the transaction's name. */
  LOG(9),
  /** The keys that the update after it replaced. */
  OVERWRITE(10),
  /** Keys on their way through the write buffer; in memory only. */
  WRITE_BUFFER_KEYS(11),
  /** When the entry was written, in seconds since 1970. */
  DATETIME(12),
  /** Keys as part of a log message. */
  LOG_BKEY(13),
  /** The oldest sequence number that may be rewound to. */
  REWIND_LIMIT(14),
  /** A range of entries that was undone. */
  REWIND(15);

  private static final JsetEntryType[] BY_NUMBER = values();

  private final int number;

  JsetEntryType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** Whether the entry holds keys. */
  public boolean hasKeys() {
    return switch (this) {
      case BTREE_KEYS, BTREE_ROOT, OVERWRITE, WRITE_BUFFER_KEYS, LOG_BKEY -> true;
      default -> false;
    };
  }

  /** The type with that number, or null for one that is not known. */
  public static JsetEntryType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
