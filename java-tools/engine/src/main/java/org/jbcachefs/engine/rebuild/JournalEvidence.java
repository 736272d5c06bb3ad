// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeCursor;
import org.jbcachefs.format.value.InodeField;

/**
 * What journal entries tell that only the superblock says besides: which sequence numbers were
 * given up after crashes, by the gaps that this leaves; the version; and the time from which times
 * count, since entries say when they were written, and hold inodes that were changed just before.
 */
final class JournalEvidence {
  private static final long NANOS = 1_000_000_000L;

  /** How many numbers implementations of various versions leave out after a crash. */
  private static final List<Long> SKIPPED = List.of(64L, SeqBlacklist.SKIPPED);

  /** Entries that were under way when the crash came are missing besides. */
  private static final long UNDER_WAY = 8;

  private final List<BlacklistSection.Range> givenUp = new ArrayList<>();
  private final JsetEntry each = new JsetEntry();
  private final JsetKeys keys = new JsetKeys();
  private final Bkey key = new Bkey();
  private final InodeCursor inode = new InodeCursor();
  private int version;
  private long newestSeconds;
  private long base = Long.MAX_VALUE;

  JournalEvidence(JournalListing journal) {
    gaps(journal.entries());
    for (JournalEntry entry : journal.entries()) {
      if (entry.good() && !isGivenUp(entry.seq())) {
        note(journal.load(entry));
      }
    }
  }

  /** From behind the last flush entry before a gap, since what came after it counts no more. */
  private void gaps(List<JournalEntry> entries) {
    long flushed = 0;
    JournalEntry before = null;
    for (JournalEntry entry : entries) {
      long missing = before == null ? 0 : entry.seq() - before.seq() - 1;
      if (SKIPPED.stream().anyMatch(n -> missing >= n && missing <= n + UNDER_WAY)) {
        long start = flushed == 0 ? before.seq() + 1 : flushed + 1;
        givenUp.add(new BlacklistSection.Range(start, entry.seq()));
      }
      flushed = entry.good() && !entry.noFlush() ? entry.seq() : flushed;
      before = entry;
    }
  }

  private boolean isGivenUp(long seq) {
    return givenUp.stream().anyMatch(range -> seq >= range.start() && seq < range.end());
  }

  private void note(Jset jset) {
    version = Math.max(version, jset.version());
    long seconds = 0;
    long changed = 0;
    each.over(jset);
    while (each.next()) {
      if (each.is(JsetEntryType.DATETIME)) {
        seconds = seconds();
      } else if (each.is(JsetEntryType.BTREE_KEYS) && each.btree() == BtreeId.INODES.number()) {
        changed = Math.max(changed, newestChange());
      }
    }
    newestSeconds = Math.max(newestSeconds, seconds);
    if (seconds > 0 && changed > 0) {
      base = Math.min(base, seconds * NANOS + NANOS / 2 - changed);
    }
  }

  private long seconds() {
    try {
      return JsetValue.read(each) instanceof JsetValue.DateTime(long seconds) ? seconds : 0;
    } catch (CorruptionException _) {
      return 0;
    }
  }

  private long newestChange() {
    long newest = 0;
    keys.over(each);
    while (keys.next()) {
      try {
        if (Inode.is(keys.read(key))) {
          newest = Math.max(newest, inode.of(key).get(InodeField.CTIME));
        }
      } catch (CorruptionException _) {
        // It tells nothing; fsck meets it again.
      }
    }
    return newest;
  }

  /** Sequence numbers that count no more. */
  List<BlacklistSection.Range> givenUp() {
    return givenUp;
  }

  /** The newest version that wrote an entry; 0 if there is none. */
  int version() {
    return version;
  }

  /** When the newest entry was written, in seconds since 1970; 0 if none says so. */
  long newestSeconds() {
    return newestSeconds;
  }

  /**
   * The time from which times count, in nanoseconds since 1970: not before it, and some seconds
   * after it, as long as inodes waited before they were written; 0 if no entry has both its time
   * and an inode.
   */
  long base() {
    return base == Long.MAX_VALUE ? 0 : base;
  }
}
