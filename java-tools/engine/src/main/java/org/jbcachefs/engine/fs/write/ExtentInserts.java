// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** Puts extents into a file and adapts its size and sectors. Used with the file's change lock. */
final class ExtentInserts {
  private static final int SECTOR_SHIFT = 9;

  private final FileContents contents;
  private final ExtentEntrySizes sizes;

  ExtentInserts(FileContents contents, ExtentEntrySizes sizes) {
    this.contents = contents;
    this.sizes = sizes;
  }

  /**
   * An extent to put into a file.
   *
   * @param size what the file's size is at least, once all of it is there
   */
  private record Insert(Bkey key, long size) {}

  private record Progress(int key, long sector) {}

  /** Commits what writes bring, as many extents at a time as one transaction takes. */
  void insert(InodeId id, List<WaitingExtents.Extents> writes, Touch touch) {
    List<Insert> inserts = new ArrayList<>();
    writes.forEach(each -> each.keys().forEach(key -> inserts.add(new Insert(key, each.end()))));
    Progress progress = new Progress(0, inserts.getFirst().key().start());
    while (progress.key() < inserts.size()) {
      Progress from = progress;
      progress =
          contents.replacing(id, "write", tree -> insertSome(tree, id, inserts, from, touch));
    }
  }

  /**
   * Says of room that data was written into that it is written.
   *
   * @param offset where the data begins
   * @param newSize of the file, once all of it is there
   * @return how many bytes are in the file; what follows has to be written elsewhere
   */
  long fill(InodeId id, InPlaceWrites.Done done, long offset, long newSize, Touch touch) {
    for (InPlaceWrites.Filled each : done.filled()) {
      if (!contents.replacing(id, "write", tree -> fill(tree, id, each, newSize, touch))) {
        return (each.start() << SECTOR_SHIFT) - offset;
      }
    }
    return done.bytes();
  }

  /** False if the extent is not there any more: it was moved. */
  private boolean fill(
      TreeTransaction tree, InodeId id, InPlaceWrites.Filled part, long newSize, Touch touch) {
    ExtentOverwrite overwrite = contents.overwrite(tree, id);
    if (!part.isThere(tree.writing(id.subvolume()).transaction())) {
      return false;
    }
    Inode inode = tree.inode(id);
    ExtentOverwrite.Done done =
        overwrite.replace(
            id.number(), part.start(), part.end(), part.written(sizes), FileContents.EXTENTS_MOST);
    InodeBuilder changed = new InodeBuilder(inode);
    changed.set(InodeField.SECTORS, inode.sectors() + done.sectors());
    long size = Math.min(newSize, part.end() << SECTOR_SHIFT);
    changed.set(InodeField.SIZE, Math.max(inode.size(), size));
    touch.set(tree, changed);
    tree.put(id, changed);
    return true;
  }

  private Progress insertSome(
      TreeTransaction tree, InodeId id, List<Insert> inserts, Progress from, Touch touch) {
    ExtentOverwrite overwrite = contents.overwrite(tree, id);
    Inode inode = tree.inode(id);
    int left = FileContents.EXTENTS_MOST;
    long sectors = 0;
    long size = inode.size();
    int index = from.key();
    long at = from.sector();
    while (index < inserts.size() && left > 0) {
      Bkey key = inserts.get(index).key();
      ExtentOverwrite.Done done =
          overwrite.replace(id.number(), at, key.offset(), key, Math.max(2, left));
      sectors += done.sectors();
      left -= 1 + done.overlapped();
      at = done.end();
      size = Math.max(size, Math.min(inserts.get(index).size(), at << SECTOR_SHIFT));
      if (at == key.offset() && ++index < inserts.size()) {
        at = inserts.get(index).key().start();
      }
    }
    InodeBuilder changed = new InodeBuilder(inode);
    changed.set(InodeField.SECTORS, inode.sectors() + sectors);
    changed.set(InodeField.SIZE, size);
    touch.set(tree, changed);
    tree.put(id, changed);
    return new Progress(index, at);
  }
}
