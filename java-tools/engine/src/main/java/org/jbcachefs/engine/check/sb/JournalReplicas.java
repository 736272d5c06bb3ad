// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.sb;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;

/**
 * Every journal entry that counts lies on a set of members that the superblock's replicas section
 * has: recovery reads the journals of no others. Asked of unclean filesystems that are here as a
 * whole. Source: {@code bch2_fs_journal_start}.
 */
final class JournalReplicas {
  private final CheckContext context;

  JournalReplicas(CheckContext context) {
    this.context = context;
  }

  void check() {
    if (context.superblock().clean() || !isWhole()) {
      return;
    }
    Set<Set<Integer>> marked =
        context.superblock().replicas().entries().stream()
            .filter(entry -> entry.dataType() == DataType.JOURNAL.number())
            .map(ReplicasSection.Entry::devices)
            .map(TreeSet::new)
            .collect(Collectors.toSet());
    var filesystem = context.filesystem();
    try (JournalListing journal =
        new JournalListing(
            filesystem.devices(), filesystem.key().orElse(null), context.threads())) {
      for (JournalEntry entry : journal.entries()) {
        if (counts(journal, entry)) {
          compare(entry, marked);
        }
      }
    }
  }

  private boolean isWhole() {
    var devices = context.filesystem().devices();
    for (int index = 0; index < devices.size(); index++) {
      if (devices.member(index) != null && devices.device(index) == null) {
        return false;
      }
    }
    return true;
  }

  private static boolean counts(JournalListing journal, JournalEntry entry) {
    return entry.good()
        && !journal.isBlacklisted(entry)
        && Long.compareUnsigned(entry.seq(), journal.firstDirty()) >= 0;
  }

  private void compare(JournalEntry entry, Set<Set<Integer>> marked) {
    Set<Integer> on = new TreeSet<>();
    for (JournalCopy copy : entry.copies()) {
      if (!copy.good()) {
        return;
      }
      on.add(copy.device().index());
    }
    if (!marked.contains(on)) {
      context.report(
          CheckFinding.of(
                  FsckError.JOURNAL_ENTRY_REPLICAS_NOT_MARKED,
                  "journal entry "
                      + Long.toUnsignedString(entry.seq())
                      + " is on members that no journal entry of the replicas section names together")
              .expected(marked)
              .found(on));
    }
  }
}
