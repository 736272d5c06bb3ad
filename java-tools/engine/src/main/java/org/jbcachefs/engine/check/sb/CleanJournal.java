// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.sb;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FsckError;

/**
 * After a clean shutdown the last journal entry is empty and says the same as the clean section.
 * Looked at only where the option asks for the journal to be read although nothing needs it.
 * Sources: {@code __bch2_fs_recovery}, {@code bch2_verify_superblock_clean}.
 */
final class CleanJournal {
  /** The option's value for "always". */
  private static final long ALWAYS = 2;

  private final CheckContext context;

  CleanJournal(CheckContext context) {
    this.context = context;
  }

  void check() {
    JournalReplay clean = context.filesystem().journal();
    boolean asked =
        context.superblock().option(FilesystemOption.SCRUB_RECENT_JOURNAL_ENTRIES).orElse(0)
            == ALWAYS;
    if (!clean.clean() || !asked) {
      return;
    }
    JournalReplay journal =
        JournalRecovery.reader(
                context.filesystem().devices(),
                context.filesystem().key().orElse(null),
                context.threads())
            .replay();
    if (journal.lastSeq() == 0) {
      return;
    }
    if (journal.firstSeq() != journal.lastSeq()) {
      report(
          FsckError.CLEAN_BUT_JOURNAL_NOT_EMPTY,
          "marked clean, but the journal from "
              + Long.toUnsignedString(journal.firstSeq())
              + " to "
              + Long.toUnsignedString(journal.lastSeq())
              + " was not done with");
    }
    if (journal.lastSeq() != clean.lastSeq()) {
      context.report(
          CheckFinding.of(
                  FsckError.SB_CLEAN_JOURNAL_SEQ_MISMATCH,
                  "sequence number in the clean section, against the last journal entry's")
              .expected(Long.toUnsignedString(journal.lastSeq()))
              .found(Long.toUnsignedString(clean.lastSeq())));
      return;
    }
    for (BtreeId btree : BtreeId.values()) {
      BtreeRoot inSection = clean.overlay().root(btree.number());
      BtreeRoot inEntry = journal.overlay().root(btree.number());
      if (!same(inSection, inEntry)) {
        BtreeRoot known = inSection != null ? inSection : inEntry;
        context.report(
            CheckFinding.of(
                    FsckError.SB_CLEAN_BTREE_ROOT_MISMATCH,
                    "the root in the clean section is not that of the last journal entry")
                .at(btree.number(), known.level() + 1, Bpos.MAX));
      }
    }
  }

  private static boolean same(BtreeRoot one, BtreeRoot other) {
    if (one == null || other == null) {
      return one == null && other == null;
    }
    return one.level() == other.level() && same(one.key(), other.key());
  }

  private static boolean same(Bkey one, Bkey other) {
    return one != null
        && other != null
        && one.type() == other.type()
        && one.comparePos(other.pos()) == 0
        && one.value().mismatch(other.value()) < 0;
  }

  private void report(FsckError error, String what) {
    context.report(CheckFinding.of(error, what));
  }
}
