// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import java.time.ZoneId;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.value.KeyContext;
import org.jbcachefs.format.value.KeyText;

/** Goes through a journal and prints what was chosen of it. */
final class Listing {
  /**
   * Which entries.
   *
   * @param seqs their numbers
   * @param gapless only the newest that follow each other
   * @param dirtyOnly only those that would be replayed
   * @param last only that many numbers at the end; null for all
   * @param blacklisted those too that do not count
   * @param flushOnly only flush entries
   */
  record Choice(
      SeqRange seqs,
      boolean gapless,
      boolean dirtyOnly,
      Long last,
      boolean blacklisted,
      boolean flushOnly) {}

  private final Invocation invocation;
  private final JournalListing journal;
  private final Choice choice;
  private final JournalText text;
  private final JournalJson json;

  Listing(
      Invocation invocation,
      JournalListing journal,
      Choice choice,
      JournalText.Style style,
      TransactionFilter filter,
      int blockBytes,
      KeyContext context) {
    this.invocation = invocation;
    this.journal = journal;
    this.choice = choice;
    KeyText keyText = new KeyText(context);
    this.text = new JournalText(style, filter, blockBytes, keyText, ZoneId.systemDefault());
    this.json = new JournalJson(style, filter, keyText);
  }

  /** Prints it; returns whether something was lost or could not be read. */
  boolean list() {
    boolean damaged =
        journal.findings().stream()
            .anyMatch(finding -> finding.severity() == Finding.Severity.LOST);
    long first = firstToPrint();
    long expected = 0;
    for (JournalEntry entry : journal.entries()) {
      if (Long.compareUnsigned(entry.seq(), first) < 0 || !choice.seqs.contains(entry.seq())) {
        continue;
      }
      printMissing(expected == 0 ? entry.seq() : expected, entry.seq());
      expected = entry.seq() + 1;
      if (isChosen(entry)) {
        damaged |= !print(entry);
      }
    }
    return damaged;
  }

  private boolean isChosen(JournalEntry entry) {
    return (choice.blacklisted || !journal.isBlacklisted(entry))
        && !(choice.flushOnly && entry.noFlush());
  }

  private boolean print(JournalEntry entry) {
    try {
      Jset jset = journal.load(entry);
      boolean blacklisted = journal.isBlacklisted(entry);
      if (invocation.out().isJson()) {
        invocation.out().item(writer -> json.write(writer, entry, jset, blacklisted));
      } else {
        invocation.out().text().print(text.print(entry, jset, blacklisted));
      }
      return true;
    } catch (BcachefsException e) {
      invocation.problem("", e);
      return false;
    }
  }

  private long firstToPrint() {
    long first = choice.dirtyOnly ? journal.firstDirty() : 0;
    if (choice.gapless) {
      first = max(first, beginOfNewestRun());
    }
    if (choice.last != null && !journal.entries().isEmpty()) {
      long newest = journal.entries().getLast().seq();
      first = max(first, Math.max(0, newest - choice.last + 1));
    }
    return first;
  }

  private long beginOfNewestRun() {
    long begin = 0;
    long expected = 0;
    for (JournalEntry entry : journal.entries()) {
      SeqBlacklist.Range missing =
          journal.missing(expected == 0 ? entry.seq() : expected, entry.seq());
      while (missing != null) {
        begin = missing.end();
        missing = journal.missing(missing.end(), entry.seq());
      }
      expected = entry.seq() + 1;
    }
    return begin;
  }

  private void printMissing(long from, long to) {
    SeqBlacklist.Range missing = journal.missing(from, to);
    while (missing != null) {
      SeqBlacklist.Range gap = missing;
      if (invocation.out().isJson()) {
        invocation
            .out()
            .item(writer -> JournalJson.writeMissing(writer, gap.start(), gap.end() - 1));
      } else {
        invocation
            .out()
            .text()
            .println(
                "missing "
                    + Long.toUnsignedString(gap.end() - gap.start())
                    + " entries at "
                    + Long.toUnsignedString(gap.start())
                    + "-"
                    + Long.toUnsignedString(gap.end() - 1));
      }
      missing = journal.missing(gap.end(), to);
    }
  }

  private static long max(long a, long b) {
    return Long.compareUnsigned(a, b) > 0 ? a : b;
  }
}
