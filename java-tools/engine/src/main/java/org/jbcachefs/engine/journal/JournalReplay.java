// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.List;
import org.jbcachefs.format.error.Finding;

/**
 * What was found of the journal, and what it says. Immutable.
 *
 * @param clean whether it comes from the superblock's clean section, the journal unread
 * @param firstSeq first replayed sequence number; 0 if nothing is replayed
 * @param lastSeq the newest flush entry, which is the last replayed one; of a clean filesystem the
 *     clean section's; 0 if there is none
 * @param newestSeq the highest sequence number seen in any entry, flushed or not
 * @param keyVersion the highest key version in use, for nonces
 * @param readClock sectors read since the filesystem was made
 * @param writeClock sectors written since the filesystem was made
 * @param datetime seconds since 1970 of the newest replayed entry; 0 if it does not say
 * @param overlay roots and keys
 * @param blacklist sequence numbers whose bsets and entries do not count
 * @param findings what was wrong with the journal, in order of sequence number
 */
public record JournalReplay(
    boolean clean,
    long firstSeq,
    long lastSeq,
    long newestSeq,
    long keyVersion,
    long readClock,
    long writeClock,
    long datetime,
    Overlay overlay,
    SeqBlacklist blacklist,
    List<Finding> findings) {
  public JournalReplay {
    findings = List.copyOf(findings);
  }

  /** The same with other findings. */
  JournalReplay withFindings(List<Finding> others) {
    return new JournalReplay(
        clean,
        firstSeq,
        lastSeq,
        newestSeq,
        keyVersion,
        readClock,
        writeClock,
        datetime,
        overlay,
        blacklist,
        others);
  }

  /** The same with another overlay. */
  public JournalReplay withOverlay(Overlay other) {
    return new JournalReplay(
        clean,
        firstSeq,
        lastSeq,
        newestSeq,
        keyVersion,
        readClock,
        writeClock,
        datetime,
        other,
        blacklist,
        findings);
  }

  /** Roots alone, the keys not replayed, as of a filesystem read with {@code norecovery}. */
  public JournalReplay withoutKeys() {
    return new JournalReplay(
        clean,
        firstSeq,
        lastSeq,
        newestSeq,
        keyVersion,
        readClock,
        writeClock,
        datetime,
        overlay.withoutKeys(),
        blacklist,
        findings);
  }

  public List<BtreeRoot> roots() {
    return overlay.roots();
  }
}
