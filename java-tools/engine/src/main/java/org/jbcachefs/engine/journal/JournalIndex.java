// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jbcachefs.format.error.Finding;

/**
 * All journal entries that were found, by sequence number. Immutable.
 *
 * @param entries ascending
 * @param remains of what may have been entries: nothing of them can be used
 * @param findings what went wrong while reading the devices
 */
public record JournalIndex(
    List<JournalEntry> entries, List<JournalCopy> remains, List<Finding> findings) {
  public JournalIndex {
    entries = List.copyOf(entries);
    remains = List.copyOf(remains);
    findings = List.copyOf(findings);
  }

  static JournalIndex of(List<JournalCopy> copies, List<Finding> findings) {
    TreeMap<Long, List<JournalCopy>> bySeq = new TreeMap<>(Long::compareUnsigned);
    List<JournalCopy> remains = new ArrayList<>();
    for (JournalCopy copy : copies) {
      if (copy.state() == JournalCopy.State.REMAINS) {
        remains.add(copy);
      } else {
        bySeq.computeIfAbsent(copy.seq(), _ -> new ArrayList<>()).add(copy);
      }
    }
    List<JournalEntry> entries = new ArrayList<>(bySeq.size());
    bySeq.forEach((seq, list) -> entries.add(new JournalEntry(seq, list)));
    return new JournalIndex(entries, remains, findings);
  }

  /** The highest sequence number seen, whatever its entry is worth; 0 if there is none. */
  public long newestSeq() {
    return entries.isEmpty() ? 0 : entries.getLast().seq();
  }

  /** The entry with that number, or null. */
  JournalEntry find(long seq) {
    int low = 0;
    int high = entries.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Long.compareUnsigned(entries.get(middle).seq(), seq);
      if (order == 0) {
        return entries.get(middle);
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }
}
