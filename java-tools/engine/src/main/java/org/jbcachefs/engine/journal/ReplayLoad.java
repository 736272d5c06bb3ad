// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetCheck;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;

/** Reads the entries of a range, checks them, and gathers what they say. Used once. */
final class ReplayLoad {
  private final JournalFormat format;
  private final List<JsetValue.Rewind> applied;
  private final FindingList findings;
  private final OverlayBuilder builder = new OverlayBuilder();
  private final List<JsetValue.Rewind> found = new ArrayList<>();
  private final JsetEntry entry = new JsetEntry();

  /**
   * @param applied the rewinds to carry out
   * @param findings receives what is wrong with the entries
   */
  ReplayLoad(JournalFormat format, List<JsetValue.Rewind> applied, FindingList findings) {
    this.format = format;
    this.applied = applied;
    this.findings = findings;
  }

  OverlayBuilder load(List<JournalEntry> entries) {
    try (JournalLoader loader = new JournalLoader(format)) {
      for (JournalEntry each : entries) {
        try {
          take(each, loader.load(each));
        } catch (DeviceException e) {
          findings.add(Finding.of(e));
        }
      }
    }
    return builder;
  }

  /** The rewinds that the entries speak of. */
  List<JsetValue.Rewind> rewinds() {
    return found;
  }

  private void take(JournalEntry each, Jset jset) {
    new JsetCheck(EntryFindings.place(each.best()), findings::add).check(jset);
    if (!Jset.isReadableVersion(jset.version())) {
      return;
    }
    findRewinds(jset);
    boolean rewound = applied.stream().anyMatch(rewind -> rewind.covers(each.seq()));
    if (rewound && !jset.hasOverwrites()) {
      findings.add(
          new Finding(
              "journal_rewind_no_overwrites",
              EntryFindings.place(each.best()),
              "it is to be rewound, but does not say what it overwrote"));
    }
    builder.add(jset, rewound && jset.hasOverwrites());
  }

  private void findRewinds(Jset jset) {
    entry.over(jset);
    while (entry.next()) {
      if (entry.is(JsetEntryType.REWIND)) {
        try {
          found.add((JsetValue.Rewind) JsetValue.read(entry));
        } catch (CorruptionException e) {
          findings.add(Finding.of(e));
        }
      }
    }
  }
}
