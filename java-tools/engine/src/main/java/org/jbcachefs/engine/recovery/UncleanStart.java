// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalIndex;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;

/** What the superblock is told before anything is written after a crash. */
final class UncleanStart {
  private UncleanStart() {}

  /**
   * The sequence numbers that count no more, and which members hold entries that are needed: the
   * last one may be on fewer than it was meant for.
   */
  static void record(SuperblockWriter superblock, WriteStart start, JournalIndex index) {
    Set<ReplicasSection.Entry> replicas = new LinkedHashSet<>();
    replicas.addAll(superblock.current().replicas().entries());
    for (JournalEntry entry : index.entries()) {
      boolean needed = Long.compareUnsigned(entry.seq(), start.neededSeq()) >= 0;
      List<Integer> on =
          entry.copies().stream().map(UncleanStart::device).distinct().sorted().toList();
      if (needed && entry.copies().stream().allMatch(JournalCopy::good)) {
        replicas.add(new ReplicasSection.Entry(DataType.JOURNAL.number(), 1, on));
      }
    }
    SeqBlacklist blacklist = start.blacklist();
    List<BlacklistSection.Range> ranges =
        blacklist.ranges().stream()
            .map(range -> new BlacklistSection.Range(range.start(), range.end()))
            .toList();
    superblock.update(editor -> {
      editor.section(new BlacklistSection(ranges, Bytes.EMPTY));
      editor.feature(Feature.JOURNAL_SEQ_BLACKLIST_V3);
      ReplicasEntries.store(editor, List.copyOf(replicas));
    });
  }

  private static int device(JournalCopy copy) {
    return copy.device().index();
  }
}
