// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.LoggedOpFinsert;
import org.jbcachefs.format.value.Shape;

/**
 * Moves everything behind a place of a file up, to make room for a hole there, or down, over what
 * is there. Extents move one after another, from the end that leaves room; a note says how far that
 * has come, and whoever opens the filesystem after a crash carries on. Data stays where it lies;
 * what a snapshot has, too, is shared with it from then on, as by cloning. Source: {@code
 * bch2_fcollapse_finsert}.
 */
final class RangeShift {
  private static final int SECTOR_SHIFT = 9;

  /** Extents that one transaction takes out. */
  private static final int EXTENTS_MOST = 16;

  private static final int START = 0;
  private static final int SHIFTING = 1;
  private static final int FINISHING = 2;

  private final FileContents contents;
  private final Cloning sharing;
  private final LoggedOps notes;
  private final ExtentCut cut;

  RangeShift(FileContents contents, Cloning sharing, LoggedOps notes, ExtentCut cut) {
    this.contents = contents;
    this.sharing = sharing;
    this.notes = notes;
    this.cut = cut;
  }

  /** Inserts a hole of that length; both in bytes, whole blocks. */
  void insert(InodeId id, Inode inode, long offset, long length) {
    if (inode.size() > (FileContents.END << SECTOR_SHIFT) - length) {
      throw new PosixException(PosixError.EFBIG, "beyond the largest file");
    }
    if (offset >= inode.size()) {
      throw new PosixException(PosixError.EINVAL, "nothing is behind the place of the hole");
    }
    long at = offset >> SECTOR_SHIFT;
    run(id, START, at, at + (length >> SECTOR_SHIFT), FileContents.END);
  }

  /** Removes a range; in bytes, whole blocks. */
  void collapse(InodeId id, Inode inode, long offset, long length) {
    if (offset >= inode.size() - length) {
      throw new PosixException(PosixError.EINVAL, "the range reaches the end of the file");
    }
    long at = offset >> SECTOR_SHIFT;
    run(id, START, at, at - (length >> SECTOR_SHIFT), at);
  }

  /** Carries on where a crash interrupted it. */
  void carryOn(LoggedOpFinsert op, long number) {
    InodeId id = new InodeId(op.subvolume(), op.inode());
    // Kernels begin behind everything that there can be.
    boolean unlimited = Long.compareUnsigned(op.position(), FileContents.END) > 0;
    long position = unlimited ? FileContents.END : op.position();
    new Work(id, op.srcOffset(), op.dstOffset(), number).from(op.state(), position);
  }

  private void run(InodeId id, int state, long source, long destination, long position) {
    long number =
        contents.replacing(
            id,
            "finsert",
            tree -> {
              // Refused before anything is noted where nothing may be written.
              tree.writing(id.subvolume());
              return notes.startShift(tree, op(id, state, source, destination, position));
            });
    new Work(id, source, destination, number).from(state, position);
  }

  private static LoggedOpFinsert op(
      InodeId id, int state, long source, long destination, long position) {
    return new LoggedOpFinsert(
        state,
        id.subvolume(),
        id.number(),
        destination,
        source,
        position,
        Shape.of(LoggedOpFinsert.BYTES));
  }

  /** One that is under way; all in sectors. */
  private final class Work {
    private final InodeId id;
    private final long source;
    private final long destination;
    private final long shift;
    private final long number;

    Work(InodeId id, long source, long destination, long number) {
      this.id = id;
      this.source = source;
      this.destination = destination;
      this.shift = destination - source;
      this.number = number;
    }

    void from(int state, long position) {
      sharing.announce();
      long at = position;
      if (state == START) {
        begin(at);
      }
      if (state != FINISHING) {
        while (at >= 0) {
          long from = at;
          at = contents.replacing(id, "finsert", tree -> step(tree, from));
        }
        contents.replacing(id, "finsert", this::end);
      }
      contents.replacing(
          id,
          "finsert",
          tree -> {
            notes.finish(tree, number);
            return null;
          });
    }

    private void begin(long position) {
      if (shift > 0) {
        contents.replacing(id, "finsert", tree -> resize(tree, SHIFTING, position, true));
        return;
      }
      long end = source - shift;
      long at = source;
      while (at < end) {
        long from = at;
        at =
            contents.replacing(
                id,
                "finsert",
                tree -> {
                  ExtentOverwrite.Done done =
                      contents
                          .overwrite(tree, id)
                          .replace(id.number(), from, end, null, EXTENTS_MOST);
                  occupy(tree, done.sectors());
                  if (done.end() == end) {
                    notes.shiftAt(tree, number, op(id, SHIFTING, source, destination, position));
                  }
                  return done.end();
                });
      }
    }

    private Void end(TreeTransaction tree) {
      return resize(tree, FINISHING, 0, shift < 0);
    }

    private Void resize(TreeTransaction tree, int state, long position, boolean changes) {
      Inode inode = tree.inode(id);
      InodeBuilder changed = new InodeBuilder(inode);
      if (changes) {
        changed.set(InodeField.SIZE, Math.max(0, inode.size() + (shift << SECTOR_SHIFT)));
      }
      changed.set(InodeField.MTIME, tree.now()).set(InodeField.CTIME, tree.now());
      tree.put(id, changed);
      notes.shiftAt(tree, number, op(id, state, source, destination, position));
      return null;
    }

    private void occupy(TreeTransaction tree, long sectors) {
      if (sectors != 0) {
        Inode inode = tree.inode(id);
        tree.put(id, new InodeBuilder(inode).set(InodeField.SECTORS, inode.sectors() + sectors));
      }
    }

    /** Moves the next extent; up to where everything has moved, or -1 if all has. */
    private long step(TreeTransaction tree, long position) {
      SnapshotKeys keys = tree.writing(id.subvolume());
      Bkey extent = shift > 0 ? lastBefore(keys, position) : firstFrom(keys, position);
      if (extent == null) {
        return -1;
      }
      if (extent.snapshot() != keys.snapshot()) {
        // Two keys must not point to one place: what an ancestor has, too, is shared first.
        extent = sharing.shared(tree, id, extent);
      }
      long start = Math.max(extent.start(), source);
      long end = extent.offset();
      Bkey moved = cut.front(extent, start);
      moved.setPos(id.number(), end + shift, keys.snapshot());
      ExtentOverwrite overwrite = contents.overwrite(tree, id);
      // First where it comes: what is shared must not lose its last reference meanwhile.
      long sectors = all(overwrite, start + shift, end + shift, moved);
      sectors +=
          shift > 0
              ? all(overwrite, start, Math.min(end, start + shift), null)
              : all(overwrite, Math.max(start, end + shift), end, null);
      occupy(tree, sectors);
      long next = shift > 0 ? start : end;
      notes.shiftAt(tree, number, op(id, SHIFTING, source, destination, next));
      return next;
    }

    private long all(ExtentOverwrite overwrite, long from, long to, Bkey insert) {
      ExtentOverwrite.Done done = overwrite.replace(id.number(), from, to, insert, EXTENTS_MOST);
      if (done.end() != to) {
        throw new IllegalStateException("extents where there should be none, at " + from);
      }
      return done.sectors();
    }

    /** The first extent that ends behind a sector. */
    private Bkey firstFrom(SnapshotKeys keys, long position) {
      long from = Math.max(position, source);
      Bpos last = new Bpos(id.number(), Long.MAX_VALUE, 0);
      try (KeyIterator all =
          keys.visible(BtreeId.EXTENTS, new Bpos(id.number(), from + 1, 0), last)) {
        return all.next() ? all.key().copy() : null;
      }
    }

    /** The last extent that ends at a sector or before, and behind the place of the hole. */
    private Bkey lastBefore(SnapshotKeys keys, long position) {
      long low = source;
      long high = position;
      // Nothing but a search from above finds the last key: by halves.
      while (low < high) {
        long middle = low + (high - low) / 2;
        if (any(keys, middle, high)) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      Bpos place = new Bpos(id.number(), low, 0);
      if (low <= source) {
        return null;
      }
      try (KeyIterator all = keys.visible(BtreeId.EXTENTS, place, place)) {
        return all.next() ? all.key().copy() : null;
      }
    }

    private boolean any(SnapshotKeys keys, long after, long to) {
      Bpos first = new Bpos(id.number(), after + 1, 0);
      try (KeyIterator all = keys.visible(BtreeId.EXTENTS, first, new Bpos(id.number(), to, 0))) {
        return all.next();
      }
    }
  }
}
