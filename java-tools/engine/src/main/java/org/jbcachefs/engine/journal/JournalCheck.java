// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Finding.Severity;
import org.jbcachefs.format.error.Place;

/**
 * Checks every copy of every journal entry that counts, to the last byte: what {@code verify} does
 * to a journal. After a clean shutdown no entry counts.
 *
 * <p>Beyond what replay reports: padding that is not zero, and damaged entries that nothing lacks,
 * whatever sequence number their damaged headers show. Leftovers of earlier crashes are
 * blacklisted, and are no damage.
 */
public final class JournalCheck {
  private final JournalFormat format;
  private final SeqBlacklist blacklist;
  private final FindingList findings = new FindingList();
  private final Set<Place> reported = new HashSet<>();

  private JournalCheck(JournalFormat format, SeqBlacklist blacklist) {
    this.format = format;
    this.blacklist = blacklist;
  }

  /** What is wrong with the journal of a filesystem; empty if it was shut down cleanly. */
  public static List<Finding> of(DeviceSet devices, FilesystemKey key, int threads) {
    return devices.superblock().clean()
        ? List.of()
        : of(
            JournalRecovery.reader(devices, key, threads),
            JournalRecovery.format(devices.superblock(), key),
            JournalRecovery.blacklist(devices.superblock()));
  }

  static List<Finding> of(JournalReader reader, JournalFormat format, SeqBlacklist blacklist) {
    JournalCheck check = new JournalCheck(format, blacklist);
    JournalReplay replay = reader.replayAll();
    replay.findings().forEach(check::add);
    try (JournalLoader loader = new JournalLoader(format)) {
      for (JournalEntry entry : reader.readAll().entries()) {
        boolean counts =
            Long.compareUnsigned(entry.seq(), replay.firstSeq()) >= 0
                && Long.compareUnsigned(entry.seq(), replay.lastSeq()) <= 0;
        entry.copies().forEach(copy -> check.check(copy, counts, loader));
      }
    }
    return check.findings.toList();
  }

  private void add(Finding finding) {
    findings.add(finding);
    reported.add(finding.place());
  }

  private void check(JournalCopy copy, boolean counts, JournalLoader loader) {
    Place place = EntryFindings.place(copy);
    if (!copy.good() && !blacklist.contains(copy.seq()) && !reported.contains(place)) {
      add(
          new Finding(
              Severity.MENDED,
              "journal_entry_bad_checksum",
              place,
              "its checksum is wrong; nothing that is needed lacks because of it"));
    }
    if (counts && copy.good()) {
      try {
        checkPadding(copy, place, loader);
      } catch (DeviceException e) {
        add(Finding.of(e));
      }
    }
  }

  private void checkPadding(JournalCopy copy, Place place, JournalLoader loader) {
    MemorySegment whole = loader.read(copy, format.padded(copy.bytes()));
    MemorySegment padding = whole.asSlice(copy.bytes());
    MemorySegment zeros = MemorySegment.ofArray(new byte[(int) padding.byteSize()]);
    long different = padding.mismatch(zeros);
    if (different >= 0) {
      add(
          new Finding(
              Severity.MENDED,
              "journal_entry_padding_not_zero",
              place,
              "byte " + (copy.bytes() + different) + " is padding and not zero"));
    }
  }
}
