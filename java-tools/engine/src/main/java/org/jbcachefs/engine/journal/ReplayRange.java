// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;

/**
 * Which journal entries count: from the last_seq of the newest flush entry up to that entry. Newer
 * ones never became durable; blacklisted ones do not exist. Immutable.
 *
 * <p>A newest flush entry with a wrong checksum was torn by the crash, and the one before it
 * decides, as after that crash it would have done anyway.
 *
 * @param first first sequence number
 * @param last the deciding entry's; 0 if there is no entry at all
 * @param entries those that count, ascending
 * @param findings what is wrong in the range, and with the choice
 */
record ReplayRange(long first, long last, List<JournalEntry> entries, List<Finding> findings) {
  /** Sequence numbers of ruins that lie farther ahead are taken as garbage. */
  private static final long SEQS_AHEAD = 1 << 16;

  private static final Place JOURNAL = Place.structure("journal");

  ReplayRange {
    entries = List.copyOf(entries);
    findings = List.copyOf(findings);
  }

  static ReplayRange of(JournalIndex index, SeqBlacklist blacklist) {
    List<Finding> findings = new ArrayList<>();
    JournalEntry deciding = deciding(index, blacklist, findings);
    if (deciding == null) {
      return new ReplayRange(0, 0, List.of(), findings);
    }
    reportRemains(index, deciding.seq(), findings);
    reportBlacklistedBehind(deciding, index, blacklist, findings);
    long first = deciding.noFlush() ? deciding.seq() : deciding.lastSeq();
    return between(index, first, deciding.seq(), blacklist, findings);
  }

  /** The same, begun at an earlier entry, which a rewind needs. */
  ReplayRange from(long earlier, JournalIndex index, SeqBlacklist blacklist) {
    return between(index, earlier, last, blacklist, new ArrayList<>());
  }

  private static ReplayRange between(
      JournalIndex index, long first, long last, SeqBlacklist blacklist, List<Finding> findings) {
    List<JournalEntry> counting = new ArrayList<>();
    for (JournalEntry entry : index.entries()) {
      if (Long.compareUnsigned(entry.seq(), first) < 0) {
        reportMisplaced(entry, blacklist, findings);
      } else if (Long.compareUnsigned(entry.seq(), last) <= 0
          && isAllowed(entry, blacklist, findings)) {
        counting.add(entry);
      }
    }
    reportMissing(counting, first, last, blacklist, findings);
    counting.forEach(entry -> EntryFindings.report(entry, findings::add));
    return new ReplayRange(first, last, counting, findings);
  }

  /** A damaged entry may bear any number; one that is needed may look like one that is not. */
  private static void reportMisplaced(
      JournalEntry entry, SeqBlacklist blacklist, List<Finding> findings) {
    for (JournalCopy copy : entry.copies()) {
      if (!copy.good() && !blacklist.contains(entry.seq())) {
        findings.add(
            new Finding(
                Finding.Severity.MENDED,
                "journal_entry_bad_checksum",
                EntryFindings.place(copy),
                "its checksum is wrong; if its sequence number is right it is not needed"));
      }
    }
  }

  private static boolean isAllowed(
      JournalEntry entry, SeqBlacklist blacklist, List<Finding> findings) {
    if (!blacklist.contains(entry.seq())) {
      return true;
    }
    if (!entry.noFlush() && entry.good()) {
      findings.add(
          new Finding(
              Finding.Severity.MENDED,
              "jset_seq_blacklisted",
              EntryFindings.place(entry.best()),
              "a flush entry with a blacklisted sequence number"));
    }
    return false;
  }

  private static JournalEntry deciding(
      JournalIndex index, SeqBlacklist blacklist, List<Finding> findings) {
    JournalEntry bad = null;
    for (JournalEntry entry : index.entries().reversed()) {
      if (!isAllowed(entry, blacklist, findings)) {
        continue;
      }
      if (entry.good() && !entry.noFlush()) {
        return entry;
      }
      reportTorn(entry, findings);
      if (entry.good()) {
        continue;
      }
      bad = bad == null && !entry.noFlush() ? entry : bad;
    }
    return bad != null ? bad : withoutFlush(index, findings);
  }

  /** Of an entry that no good flush entry follows; a damaged copy may have been another entry's. */
  private static void reportTorn(JournalEntry entry, List<Finding> findings) {
    for (JournalCopy copy : entry.copies()) {
      if (!copy.good()) {
        findings.add(
            new Finding(
                "journal_entry_torn",
                EntryFindings.place(copy),
                "newer than all good flush entries, and its checksum is wrong: torn by the crash,"
                    + " in which case it does not count, or damaged later"));
        return;
      }
    }
  }

  /** Ruins that look newer than what decides may be of an entry that would have decided. */
  private static void reportRemains(JournalIndex index, long last, List<Finding> findings) {
    for (JournalCopy copy : index.remains()) {
      long ahead = copy.seq() - last;
      if (ahead > 0 && ahead < SEQS_AHEAD) {
        findings.add(
            new Finding(
                "journal_entry_unrecognisable",
                EntryFindings.place(copy),
                "looks like an entry newer than all others, but its magic and its checksum are"
                    + " wrong"));
      }
    }
  }

  /**
   * A damaged entry whose number is blacklisted need not be anything but what an older crash left;
   * where the next entry after the deciding one belongs, it may be the newest of all.
   */
  private static void reportBlacklistedBehind(
      JournalEntry deciding, JournalIndex index, SeqBlacklist blacklist, List<Finding> findings) {
    for (JournalEntry entry : index.entries()) {
      if (entry.good() || !blacklist.contains(entry.seq())) {
        continue;
      }
      for (JournalCopy copy : entry.copies()) {
        if (deciding.copies().stream().anyMatch(copy::mayFollow)) {
          findings.add(
              new Finding(
                  Finding.Severity.MENDED,
                  "journal_entry_bad_checksum",
                  EntryFindings.place(copy),
                  "behind the newest good entry, with a wrong checksum; if its sequence number,"
                      + " which is blacklisted, is right it does not count"));
        }
      }
    }
  }

  private static JournalEntry withoutFlush(JournalIndex index, List<Finding> findings) {
    boolean none = index.entries().isEmpty();
    findings.add(
        new Finding(
            none
                ? "dirty_but_no_journal_entries"
                : "dirty_but_no_journal_entries_post_drop_nonflushes",
            JOURNAL,
            none
                ? "the filesystem was not shut down cleanly, and no journal entry was found"
                : "no flush entry was found; the newest entry is taken instead"));
    return none
        ? null
        : index.entries().reversed().stream()
            .filter(JournalEntry::good)
            .findFirst()
            .orElse(index.entries().getLast());
  }

  private static void reportMissing(
      List<JournalEntry> counting,
      long first,
      long last,
      SeqBlacklist blacklist,
      List<Finding> findings) {
    long expected = first;
    for (JournalEntry entry : counting) {
      reportMissing(expected, entry.seq(), first, last, blacklist, findings);
      expected = entry.seq() + 1;
    }
  }

  private static void reportMissing(
      long from, long to, long first, long last, SeqBlacklist blacklist, List<Finding> findings) {
    long seq = blacklist.nextAllowed(from);
    while (Long.compareUnsigned(seq, to) < 0) {
      long end = blacklist.nextBlacklisted(seq);
      end = Long.compareUnsigned(end, to) < 0 ? end : to;
      findings.add(
          new Finding(
              "journal_entries_missing",
              JOURNAL,
              "journal entries "
                  + Long.toUnsignedString(seq)
                  + "-"
                  + Long.toUnsignedString(end - 1)
                  + " are missing (replaying "
                  + Long.toUnsignedString(first)
                  + "-"
                  + Long.toUnsignedString(last)
                  + ")"));
      seq = blacklist.nextAllowed(end);
    }
  }
}
