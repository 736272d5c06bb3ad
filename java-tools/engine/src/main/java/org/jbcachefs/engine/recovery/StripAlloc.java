// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.Feature;

/**
 * Takes everything that is kept about space out of a filesystem that was shut down cleanly: its
 * btrees lose their roots, and the superblock its replicas entries and the places of the journal.
 * It can be read as before; a kernel that mounts it read-write makes all of it anew, which a
 * feature in the superblock asks for, and this program refuses to write to it. Source: {@code
 * strip_fs_alloc} of the reference.
 */
public final class StripAlloc {
  /** What follows from other keys, or is work that is looked for anew. */
  private static final Set<BtreeId> STRIPPED =
      EnumSet.of(
          BtreeId.ALLOC,
          BtreeId.BACKPOINTERS,
          BtreeId.STRIPE_BACKPOINTERS,
          BtreeId.NEED_DISCARD,
          BtreeId.FREESPACE,
          BtreeId.BUCKET_GENS,
          BtreeId.LRU,
          BtreeId.ACCOUNTING,
          BtreeId.RECONCILE_WORK,
          BtreeId.RECONCILE_HIPRI,
          BtreeId.RECONCILE_PENDING,
          BtreeId.RECONCILE_SCAN);

  /** More than that is not made anew in memory by the reference. */
  private static final long MOST_BYTES = 1L << 40;

  private StripAlloc() {}

  /**
   * Refuses what must not lose it.
   *
   * @throws RefusedException if the filesystem is not clean, too large, stripped already, or if
   *     something there would be lost for good
   */
  public static void check(ReadFilesystem filesystem) {
    Superblock superblock = filesystem.superblock();
    if (superblock.has(Feature.NO_ALLOC_INFO)) {
      throw refused(superblock, "no_alloc_info", "nothing is kept about its space any more");
    }
    if (!superblock.clean() || superblock.cleanSection().isEmpty()) {
      throw refused(superblock, "not_clean", "it was not shut down cleanly; mount it read-write");
    }
    long bytes = 0;
    for (Member member : superblock.members()) {
      bytes += member.exists() ? (member.nbuckets() * member.bucketSectors()) << 9 : 0;
    }
    if (bytes > MOST_BYTES) {
      throw refused(superblock, "too_large", "what is kept about more than 1 TiB is not made anew");
    }
    try (KeyIterator scans =
        filesystem.btrees().iterate(BtreeId.RECONCILE_SCAN.number(), Bpos.MIN, Bpos.MAX)) {
      if (scans.next()) {
        throw refused(
            superblock, "scan_pending", "files are still to be held against changed options");
      }
    }
  }

  private static RefusedException refused(Superblock superblock, String reason, String why) {
    return new RefusedException(reason, superblock.place(), why);
  }

  /** Does it; one write of the superblocks, durable when this returns. */
  public static void run(SuperblockWriter superblock) {
    superblock.update(
        new SuperblockWriter.Change() {
          @Override
          public void apply(SuperblockEditor editor) {
            strip(superblock, editor);
          }

          @Override
          public void applyTo(int device, SuperblockEditor editor) {
            editor.remove(SectionType.JOURNAL).remove(SectionType.JOURNAL_V2);
          }
        });
  }

  /** Whether a btree is taken away. */
  public static boolean strips(int btree) {
    return STRIPPED.contains(BtreeId.of(btree));
  }

  /** Takes it out of the superblock that all members share; inside of a change of it. */
  public static void strip(SuperblockWriter superblock, SuperblockEditor editor) {
    CleanSection clean = superblock.current().cleanSection().orElseThrow();
    editor
        .section(
            new CleanSection(
                clean.flags(),
                clean.readClock(),
                clean.writeClock(),
                clean.journalSeq(),
                withoutRoots(clean.entries())))
        .remove(SectionType.REPLICAS_V0)
        .remove(SectionType.REPLICAS)
        .feature(Feature.NO_ALLOC_INFO);
    for (Member member : superblock.current().members()) {
      if (member.exists()) {
        superblock.member(
            editor, member.index(), each -> each.flag(Member.FREESPACE_INITIALIZED, 0));
      }
    }
  }

  /** The same entries without those roots, and as long. */
  private static Bytes withoutRoots(Bytes entries) {
    MemorySegment from = entries.segment();
    byte[] left = new byte[entries.length()];
    MemorySegment into = MemorySegment.ofArray(left);
    long at = 0;
    JsetEntry entry = new JsetEntry();
    entry.over(from, 0, from.byteSize());
    while (entry.next()) {
      boolean root = entry.is(JsetEntryType.BTREE_ROOT);
      if (!root || !STRIPPED.contains(BtreeId.of(entry.btree()))) {
        long bytes = JsetEntry.BYTES + entry.u64s() * 8L;
        MemorySegment.copy(from, entry.offset(), into, at, bytes);
        at += bytes;
      }
    }
    return Bytes.copyOf(left);
  }
}
