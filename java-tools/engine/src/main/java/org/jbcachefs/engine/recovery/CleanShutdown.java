// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.commit.RootsAndClocks;
import org.jbcachefs.engine.journal.write.DeviceJournal;
import org.jbcachefs.engine.journal.write.Journal;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.CompatFeature;

/**
 * The end of a filesystem that has nothing left to write: the superblock gets the roots and clocks
 * that the last journal entry had, loses the journal's replicas entries, and is clean by that.
 */
final class CleanShutdown {
  private final SuperblockWriter superblock;
  private final ReplicasEntries replicas;
  private final LiveBtrees btrees;
  private final RootsAndClocks roots;
  private final Journal journal;

  CleanShutdown(
      SuperblockWriter superblock,
      ReplicasEntries replicas,
      LiveBtrees btrees,
      RootsAndClocks roots,
      Journal journal) {
    this.superblock = superblock;
    this.replicas = replicas;
    this.btrees = btrees;
    this.roots = roots;
    this.journal = journal;
  }

  void run() {
    CleanSection section;
    btrees.lock().lock();
    try {
      section = new CleanSection(0, 0, 0, journal.newestSeq(), entries());
    } finally {
      btrees.lock().unlock();
    }
    superblock.update(editor -> {
      replicas.withoutJournal(editor);
      editor.section(section);
      editor.compat(CompatFeature.ALLOC_INFO).compat(CompatFeature.ALLOC_METADATA);
      journal.devices().forEach(device -> position(editor, device));
    });
  }

  private void position(SuperblockEditor editor, DeviceJournal device) {
    superblock.member(
        editor,
        device.device(),
        member -> member.lastJournalBucket(device.current(), device.used()));
  }

  private Bytes entries() {
    MemorySegment memory = Arena.ofAuto().allocate(roots.bytes() + 4096L, 8);
    JsetBuilder builder = new JsetBuilder(memory, 0).header(0, 0, 0, 0, 0);
    roots.addClocks(builder);
    roots.addRoots(builder);
    long length = builder.bytes() - Jset.BYTES;
    return Bytes.copyOf(memory, Jset.OFFSET_ENTRIES, length);
  }
}
