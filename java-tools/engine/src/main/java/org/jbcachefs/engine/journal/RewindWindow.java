// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;

/**
 * How far back in its journal a filesystem can be taken. Immutable.
 *
 * @param newest the newest entry that counts; 0 if there is none
 * @param newestTime when it was written, in seconds since 1970; 0 if it does not say
 * @param limit the oldest entry that may be gone back to: space freed before may be in use again
 * @param recorded whether the newest entry says so; else it is the oldest entry that is there
 * @param entries how many entries there are from the limit on
 * @param targets flush entries from the limit on, ascending
 */
public record RewindWindow(
    long newest, long newestTime, long limit, boolean recorded, int entries, List<Target> targets) {
  /**
   * An entry to go back to.
   *
   * @param time when it was written, in seconds since 1970; 0 if it does not say
   * @param obstacle why it cannot be gone back to all the same; null if it can
   */
  public record Target(long seq, long time, String obstacle) {}

  public RewindWindow {
    targets = List.copyOf(targets);
  }

  /** What one entry says. */
  private record Facts(
      JournalEntry entry, boolean counts, boolean overwrites, long time, long limit) {}

  /** Looks through all entries. */
  public static RewindWindow of(JournalListing journal) {
    List<Facts> all = new ArrayList<>();
    for (JournalEntry entry : journal.entries()) {
      all.add(facts(journal, entry));
    }
    Facts newest = null;
    for (Facts facts : all) {
      newest = facts.counts && !facts.entry.noFlush() ? facts : newest;
    }
    if (newest == null) {
      return new RewindWindow(0, 0, 0, false, 0, List.of());
    }
    long last = newest.entry.seq();
    boolean recorded = newest.limit != 0;
    long limit = recorded ? newest.limit : all.getFirst().entry.seq();
    List<Target> targets = new ArrayList<>();
    int entries = 0;
    for (Facts facts : all) {
      long seq = facts.entry.seq();
      boolean inside =
          Long.compareUnsigned(seq, limit) >= 0 && Long.compareUnsigned(seq, last) <= 0;
      entries += inside ? 1 : 0;
      if (inside && facts.counts && !facts.entry.noFlush()) {
        targets.add(new Target(seq, facts.time, obstacle(journal, all, facts.entry, last)));
      }
    }
    return new RewindWindow(last, newest.time, limit, recorded, entries, targets);
  }

  private static Facts facts(JournalListing journal, JournalEntry entry) {
    boolean counts = entry.good() && !journal.isBlacklisted(entry);
    if (!counts) {
      return new Facts(entry, false, false, 0, 0);
    }
    Jset jset = journal.load(entry);
    long time = 0;
    long limit = 0;
    JsetEntry each = new JsetEntry();
    each.over(jset);
    while (each.next()) {
      boolean wanted = each.is(JsetEntryType.DATETIME) || each.is(JsetEntryType.REWIND_LIMIT);
      switch (wanted ? read(each) : null) {
        case JsetValue.DateTime(long seconds) -> time = seconds;
        case JsetValue.RewindLimit(long seq) -> limit = seq;
        case null, default -> {}
      }
    }
    return new Facts(entry, true, jset.hasOverwrites(), time, limit);
  }

  private static JsetValue read(JsetEntry entry) {
    try {
      return JsetValue.read(entry);
    } catch (CorruptionException _) {
      return null; // Whoever replays the entry names it.
    }
  }

  /** Undoing needs every later entry, and what each overwrote; replaying needs some older ones. */
  private static String obstacle(
      JournalListing journal, List<Facts> all, JournalEntry target, long last) {
    long expected = target.lastSeq();
    for (Facts facts : all) {
      long seq = facts.entry.seq();
      if (Long.compareUnsigned(seq, target.lastSeq()) < 0 || Long.compareUnsigned(seq, last) > 0) {
        continue;
      }
      if (journal.missing(expected, seq) instanceof SeqBlacklist.Range(long start, long _)) {
        return "entry " + Long.toUnsignedString(start) + " is missing";
      }
      expected = seq + 1;
      boolean undone = Long.compareUnsigned(seq, target.seq()) > 0;
      if (undone && facts.counts && !facts.overwrites) {
        return "entry " + Long.toUnsignedString(seq) + " does not say what it overwrote";
      }
    }
    return null;
  }
}
