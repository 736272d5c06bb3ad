// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rules;

/** Things that the write path never leaves out, except in a test of whether anyone would notice. */
public enum WriteRule {
  /** Every device that may hold unflushed writes is flushed before a journal entry is written. */
  PREFLUSH,
  /** A journal entry is durable on its devices before it counts. */
  FORCE_UNIT_ACCESS,
  /** Sequence numbers that an unclean end left in doubt are never used again. */
  BLACKLIST,
  /** Journal entries are kept until what they say is in written nodes. */
  PINS,
  /** A written set of keys is announced in the pointer to its node. */
  SECTORS_WRITTEN,
  /** Pointers have backpointers. */
  BACKPOINTERS,
  /** Counters follow what they count. */
  ACCOUNTING,
  /** A counter that is zero stays as long as the journal has what made it so. */
  DEAD_COUNTERS,
  /** Buckets are in the indexes that belong to their state. */
  BUCKET_INDEXES,
  /** A bucket is used again only when no crash can bring back what was in it. */
  REUSE_AFTER_FLUSH,
  /** While nobody knows which buckets are empty, none is discarded or made free. */
  HOLD_EMPTIED,
  /** Nodes lie where the member's bitmap says that nodes may lie. */
  BTREE_BITMAP,
  /** What a transaction read is unchanged when it commits. */
  VALIDATION,
  /** Flush entries say how far back one may rewind. */
  REWIND_LIMIT,
  /** Entries have the flag for overwrites only where these are there. */
  OVERWRITES_FLAG,
  /** Entries that count are no no-flush entries. */
  FLUSH_ENTRIES,
  /** Written nodes have no numbers far ahead of what is durable. */
  NEAR_DURABLE,
  /** Leaves are split where shards of inode numbers begin. */
  SHARDS,
  /** What snapshots see does not count for quotas. */
  MASTER_SUBVOLUME,
  /** What was written to a file and is only in memory is written before a sync of the file. */
  DELAYED_WRITES,
  /** What was overwritten in place while it was moved is not replaced by what it was before. */
  IN_PLACE_MARKS,
  /** The flush of an entry does for the next one only if that was closed before it. */
  SHARED_FLUSH
}
