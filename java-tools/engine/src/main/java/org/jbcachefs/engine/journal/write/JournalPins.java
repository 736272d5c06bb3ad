// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeMap;

/**
 * Who still needs which journal entry: the oldest one that somebody needs is the journal's
 * last_seq. Belongs to the holder of the commit lock.
 *
 * @param <T> who needs entries
 */
public final class JournalPins<T> {
  private final TreeMap<Long, SequencedSet<T>> bySeq = new TreeMap<>(Long::compareUnsigned);

  /** That one needs that entry and all behind it. */
  public void pin(long seq, T who) {
    bySeq.computeIfAbsent(seq, _ -> new LinkedHashSet<>()).add(who);
  }

  /** That one no longer needs that entry. */
  public void unpin(long seq, T who) {
    SequencedSet<T> holders = bySeq.get(seq);
    if (holders != null && holders.remove(who) && holders.isEmpty()) {
      bySeq.remove(seq);
    }
  }

  /** The oldest entry that anyone needs; 0 if none is needed. */
  public long oldest() {
    return bySeq.isEmpty() ? 0 : bySeq.firstKey();
  }

  /** Up to that many of those who need entries up to that one, the oldest first. */
  public List<T> holders(long upToSeq, int most) {
    List<T> holders = new ArrayList<>();
    for (Map.Entry<Long, SequencedSet<T>> entry : bySeq.entrySet()) {
      if (Long.compareUnsigned(entry.getKey(), upToSeq) > 0) {
        break;
      }
      for (T holder : entry.getValue()) {
        if (holders.size() == most) {
          return holders;
        }
        holders.add(holder);
      }
    }
    return holders;
  }
}
