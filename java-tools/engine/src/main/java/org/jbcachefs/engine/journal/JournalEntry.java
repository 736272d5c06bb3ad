// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.Comparator;
import java.util.List;

/**
 * A sequence number and the copies found of it, the best first: right checksums before wrong ones,
 * then by member.
 */
public record JournalEntry(long seq, List<JournalCopy> copies) {
  static final Comparator<JournalCopy> BEST_FIRST =
      Comparator.comparing(JournalCopy::state)
          .thenComparingInt(copy -> copy.device().index())
          .thenComparingLong(JournalCopy::sector);

  public JournalEntry {
    copies = copies.stream().sorted(BEST_FIRST).toList();
  }

  /** The copy to use. */
  public JournalCopy best() {
    return copies.getFirst();
  }

  public boolean good() {
    return best().good();
  }

  public boolean noFlush() {
    return best().noFlush();
  }

  /** The oldest entry needed; its own number where the stored one contradicts the format. */
  public long lastSeq() {
    return Long.compareUnsigned(best().lastSeq(), seq) > 0 ? seq : best().lastSeq();
  }
}
