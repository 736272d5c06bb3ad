// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** What fallocate(2) does to a range of a file: reserves it, makes it zeros, or a hole. */
final class RangeAllocation {
  private static final int SECTOR_SHIFT = 9;

  /** Extents that one transaction puts in or takes out. */
  private static final int EXTENTS_MOST = 16;

  private final WritableFilesystem filesystem;
  private final FileContents contents;

  RangeAllocation(WritableFilesystem filesystem, FileContents contents) {
    this.filesystem = filesystem;
    this.contents = contents;
  }

  /** Carries fallocate(2) out. */
  void run(InodeId id, AllocateMode mode, long offset, long length) {
    if (offset < 0 || length <= 0) {
      throw new PosixException(PosixError.EINVAL, "no range of a file");
    }
    long end = offset + length;
    if (end < 0 || end > FileContents.END << SECTOR_SHIFT) {
      throw new PosixException(PosixError.EFBIG, "beyond the largest file");
    }
    contents.begin(id);
    try {
      Inode inode = contents.regular(id);
      if (inode.has(Inode.FLAG_APPEND) && mode.removesData()) {
        throw new PosixException(PosixError.EPERM, "the file is append-only");
      }
      boolean grows = !mode.keepsSize() && end > inode.size();
      if (grows) {
        contents.zeroBehindEnd(id, inode);
      }
      DataOptions options = DataOptions.of(inode, filesystem.options());
      Preallocation preallocation = new Preallocation(options);
      if (mode == AllocateMode.PUNCH_HOLE) {
        zero(id, offset, end, null);
        return;
      }
      try (SpaceBudget.Promise _ =
          contents.promise(id, contents.down(offset), contents.up(end), options)) {
        boolean inPlace = DataOptions.isInPlace(inode, filesystem.options());
        if (mode.zeros()) {
          zero(id, offset, end, inPlace ? null : preallocation.reservation());
        }
        if (inPlace) {
          long from = contents.down(offset);
          contents.reserve(id, options, from, contents.up(end) - from, Touch.RESERVED);
        }
        fillHoles(id, contents.down(offset), contents.up(end), preallocation);
      }
      if (grows) {
        contents.replacing(
            id,
            "fallocate",
            tree -> {
              InodeBuilder changed = new InodeBuilder(tree.inode(id)).set(InodeField.SIZE, end);
              tree.put(id, changed.set(InodeField.CTIME, tree.now()));
              return null;
            });
      }
    } finally {
      contents.end(id);
    }
  }

  /** Makes a range of bytes read as zeros; whole blocks of it become holes, or reservations. */
  private void zero(InodeId id, long offset, long end, Bkey reservation) {
    Inode inode = contents.regular(id);
    long stop = Math.min(end, inode.size());
    long first = contents.up(offset);
    long last = contents.down(end);
    if (first > last) {
      zeroBytes(id, offset, stop);
      return;
    }
    zeroBytes(id, offset, Math.min(first, stop));
    zeroBytes(id, last, stop);
    long at = first >> SECTOR_SHIFT;
    while (at < last >> SECTOR_SHIFT) {
      long from = at;
      at = contents.replacing(id, "fpunch", tree -> zeroSome(tree, id, from, last, reservation));
    }
  }

  private long zeroSome(TreeTransaction tree, InodeId id, long from, long last, Bkey reservation) {
    Inode inode = tree.inode(id);
    long to = last >> SECTOR_SHIFT;
    Bkey key = null;
    if (reservation != null) {
      to = Math.min(to, from + Preallocation.RESERVATION_SECTORS_MOST);
      key = Preallocation.sized(reservation, id.number(), from, to);
    }
    ExtentOverwrite.Done done =
        contents.overwrite(tree, id).replace(id.number(), from, to, key, EXTENTS_MOST);
    InodeBuilder changed = new InodeBuilder(inode);
    changed.set(InodeField.SECTORS, inode.sectors() + done.sectors());
    changed.set(InodeField.MTIME, tree.now()).set(InodeField.CTIME, tree.now());
    tree.put(id, changed);
    return done.end();
  }

  /** Zeros in the middle of a block, if there is anything. */
  private void zeroBytes(InodeId id, long from, long to) {
    if (from >= to) {
      return;
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) (to - from)]);
    contents.read(id, from, bytes);
    if (bytes.mismatch(FileContents.zeros(to - from)) >= 0) {
      bytes.fill((byte) 0);
      contents.writePromised(id, from, bytes, Touch.CHANGED);
    }
  }

  private void fillHoles(InodeId id, long from, long to, Preallocation preallocation) {
    long at = from >> SECTOR_SHIFT;
    long end = to >> SECTOR_SHIFT;
    while (at < end) {
      long start = at;
      at =
          contents.replacing(
              id,
              "fallocate",
              tree -> {
                Inode inode = tree.inode(id);
                Preallocation.Filled filled =
                    preallocation.fill(
                        tree.writing(id.subvolume()), id.number(), start, end, EXTENTS_MOST);
                InodeBuilder changed = new InodeBuilder(inode);
                changed.set(InodeField.SECTORS, inode.sectors() + filled.sectors());
                tree.put(id, changed.set(InodeField.CTIME, tree.now()));
                return filled.end();
              });
    }
  }
}
