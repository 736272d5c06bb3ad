// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.List;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.Inode;

/**
 * Goes over all files of a filesystem whose extents btree has lost leaves: what is left of it, with
 * what is lost as keys that say so. Closing it deletes its temporary files.
 */
public final class LostScan implements AutoCloseable {
  private final ReadFilesystem left;
  private final List<LostRanges.Range> unreadable;
  private final CheckOptions options;
  private final LostListener told;
  private final RecordSorter records;
  private final int version;

  /**
   * @param left opened for rescue
   * @param unreadable ranges of the extents btree that cannot be read as a whole
   * @param told what is lost
   */
  public LostScan(
      ReadFilesystem left,
      List<LostRanges.Range> unreadable,
      CheckOptions options,
      LostListener told) {
    this.told = told;
    this.left = left;
    this.unreadable = unreadable;
    this.options = options;
    this.records =
        new RecordSorter(LostKeys.LONGS, LostKeys.LONGS, options.memoryBytes(), options.spill());
    this.version = left.superblock().version();
  }

  /**
   * Keys of the extents btree, in order.
   *
   * @param trusted whether the btree of backpointers is whole
   */
  public KeySequence run(boolean trusted) {
    readAll();
    LostRanges ranges = LostRanges.of(left.rescueReport(), unreadable);
    RecordSorter.Writer writer = records.writer();
    LostFile file =
        new LostFile(left.snapshots(), ranges, FileLimits.of(left.superblock(), trusted));
    try (NamedExtents named =
            new NamedExtents(
                left.btrees(), left.superblock(), options.memoryBytes(), options.spill());
        SoundKeys backpointers = keys(BtreeId.BACKPOINTERS);
        SoundKeys inodes = keys(BtreeId.INODES);
        SoundKeys extents = keys(BtreeId.EXTENTS)) {
      while (backpointers.next()) {
        named.add(backpointers.key());
      }
      named.sort();
      new Walk(file, named, inodes, extents).run(new Records(writer, told));
    }
    writer.close();
    return new LostKeys(keys(BtreeId.EXTENTS), records.sorted());
  }

  /** What is lost is known once all of it was tried. */
  private void readAll() {
    try (SoundKeys extents = keys(BtreeId.EXTENTS)) {
      boolean more = extents.next();
      while (more) {
        more = extents.next();
      }
    }
  }

  private SoundKeys keys(BtreeId btree) {
    return new SoundKeys(left.btrees(), btree.number(), version);
  }

  /** Notes what is found of a file. */
  private record Records(RecordSorter.Writer writer, LostListener told) implements LostFile.Sink {
    @Override
    public void outdated(Bpos pos) {
      writer.add(pos.inode(), pos.offset(), LostKeys.last(pos.snapshot(), 0));
    }

    @Override
    public void lost(long inode, long start, long end, int snapshot) {
      writer.add(inode, end, LostKeys.last(snapshot, end - start));
      told.lost(inode, snapshot, start, end);
    }
  }

  /** All files in order, by what there is of any of them. */
  private static final class Walk {
    private final LostFile file;
    private final NamedExtents named;
    private final KeySequence inodes;
    private final KeySequence extents;
    private boolean moreInodes;
    private boolean moreExtents;

    Walk(LostFile file, NamedExtents named, KeySequence inodes, KeySequence extents) {
      this.file = file;
      this.named = named;
      this.inodes = inodes;
      this.extents = extents;
    }

    void run(LostFile.Sink sink) {
      moreInodes = inodes.next();
      moreExtents = extents.next();
      while (moreInodes || moreExtents || named.ready()) {
        long inode = least();
        file.begin(inode);
        while (moreInodes && inodes.key().offset() == inode) {
          version(inodes.key());
          moreInodes = inodes.next();
        }
        while (moreExtents && extents.key().inode() == inode) {
          Bkey key = extents.key();
          file.extent(key, named.upTo(key, file));
          moreExtents = extents.next();
        }
        named.rest(inode, file);
        file.end(sink);
      }
    }

    private void version(Bkey key) {
      try {
        if (Inode.is(key)) {
          file.version(Inode.decode(key.copy()));
        }
      } catch (CorruptionException e) {
        // Such a version says nothing.
        return;
      }
    }

    private long least() {
      long least = moreInodes ? inodes.key().offset() : -1;
      least = moreExtents ? least(least, extents.key().inode()) : least;
      return named.ready() ? least(least, named.inode()) : least;
    }

    private static long least(long a, long b) {
      return Long.compareUnsigned(a, b) < 0 ? a : b;
    }
  }

  @Override
  public void close() {
    records.close();
  }
}
