// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;

/**
 * Changes the pointer to a btree's root wherever it is written: in the clean section of every
 * superblock, and in the newest journal entry.
 */
final class RootPointers {
  private final ReadFilesystem filesystem;

  RootPointers(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /**
   * Changes it.
   *
   * @param how changes a copy of the key; its value must keep its length
   * @param level what the root's level becomes; -1 to leave it
   */
  void change(int btree, Consumer<Bkey> how, int level) {
    int changed = 0;
    SuperblockWriter superblocks = new SuperblockWriter(filesystem.devices());
    for (int index = 0; index < filesystem.devices().size(); index++) {
      Superblock superblock = filesystem.devices().superblockOf(index);
      if (superblock == null || superblock.section(SectionType.CLEAN).isEmpty()) {
        continue;
      }
      byte[] bytes = superblock.raw();
      MemorySegment segment = MemorySegment.ofArray(bytes);
      long start = startOfClean(superblock);
      RawSection clean = superblock.section(SectionType.CLEAN).get();
      long from = start + CleanSection.OFFSET_ENTRIES;
      int found = change(segment, from, start + clean.totalBytes(), btree, how, level);
      if (found > 0) {
        superblocks.write(index, bytes);
        changed += found;
      }
    }
    long seq = filesystem.journal().lastSeq();
    try (JournalEntries journal = new JournalEntries(filesystem)) {
      changed +=
          journal.change(
              seq,
              jset -> change(jset.segment(), jset.entriesStart(), jset.end(), btree, how, level));
    }
    if (changed == 0) {
      throw new NotFoundException(
          Place.structure("root of btree " + BtreeId.nameOf(btree)), "there is none");
    }
  }

  private static int change(
      MemorySegment in, long from, long to, int btree, Consumer<Bkey> how, int level) {
    int changed = 0;
    JsetEntry entry = new JsetEntry().over(in, from, to);
    while (entry.next()) {
      if (entry.is(JsetEntryType.BTREE_ROOT)
          && entry.btree() == btree
          && entry.dataBytes() >= Bkey.BYTES
          && 8 * Le.u8(in, entry.dataOffset()) <= entry.dataBytes()) {
        Bkey key = new Bkey().readUnpacked(in, entry.dataOffset()).copy();
        int length = key.valueBytes();
        how.accept(key);
        if (key.valueBytes() != length) {
          throw org.jbcachefs.format.edit.Change.bad("a root's pointer cannot change its length");
        }
        key.writeUnpacked(in, entry.dataOffset());
        if (level >= 0) {
          Le.putU8(in, entry.offset() + JsetEntry.OFFSET_LEVEL, level);
        }
        changed++;
      }
    }
    return changed;
  }

  private static long startOfClean(Superblock superblock) {
    long at = Superblock.OFFSET_SECTIONS;
    for (RawSection section : superblock.sections()) {
      if (section.type() == SectionType.CLEAN.number()) {
        return at;
      }
      at += section.totalBytes();
    }
    throw new IllegalStateException("no clean section");
  }
}
