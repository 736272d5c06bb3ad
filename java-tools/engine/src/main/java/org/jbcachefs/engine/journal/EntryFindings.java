// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Finding.Severity;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;

/** What is wrong with the copies of an entry that counts. */
final class EntryFindings {
  private EntryFindings() {}

  static Place place(JournalCopy copy) {
    return Place.device(copy.device().device().name(), copy.sector() * 512)
        .in("journal entry " + Long.toUnsignedString(copy.seq()));
  }

  static void report(JournalEntry entry, Consumer<Finding> findings) {
    Set<Integer> devices = new HashSet<>();
    for (JournalCopy copy : entry.copies()) {
      switch (copy.state()) {
        case GOOD -> {}
        case GOOD_BUT_MAGIC ->
            findings.accept(
                new Finding(
                    Severity.MENDED,
                    "journal_entry_bad_magic",
                    place(copy),
                    "its magic is wrong, all else in it is right"));
        case BAD, REMAINS ->
            findings.accept(
                new Finding(
                    entry.good() ? Severity.MENDED : Severity.LOST,
                    isKnown(copy) ? "journal_entry_bad_checksum" : "jset_unknown_csum",
                    place(copy),
                    (isKnown(copy) ? "its checksum is wrong" : "its checksum is of no known type")
                        + (entry.good()
                            ? "; there is a good copy"
                            : ", and there is no good copy")));
      }
      if (!devices.add(copy.device().index())) {
        findings.accept(
            new Finding(
                Severity.NOTE,
                "journal_entry_dup_same_device",
                place(copy),
                "the same entry is on this device twice"));
      }
      if (copy.good() && entry.good() && copy.contentHash() != entry.best().contentHash()) {
        findings.accept(
            new Finding(
                "journal_entry_replicas_data_mismatch",
                place(copy),
                "its content differs from that of " + entry.best()));
      }
    }
  }

  private static boolean isKnown(JournalCopy copy) {
    return ChecksumType.of(Jset.CSUM_TYPE.getInt(copy.flags())) != null;
  }
}
