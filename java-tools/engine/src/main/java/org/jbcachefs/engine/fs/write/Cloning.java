// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.alloc.write.ReconcileOptions;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.data.write.ReflinkReferences;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Makes a range of one file share the extents of another: extents that are shared live in the
 * reflink btree, and files point to them. Source: {@code bch2_remap_range}.
 */
final class Cloning {
  private static final int SECTOR_SHIFT = 9;
  private static final int EXTENTS_MOST = 16;

  private final WritableFilesystem filesystem;
  private final FileContents contents;
  private final int blockBytes;

  Cloning(WritableFilesystem filesystem, FileContents contents, int blockBytes) {
    this.filesystem = filesystem;
    this.contents = contents;
    this.blockBytes = blockBytes;
  }

  void run(InodeId from, long fromOffset, InodeId to, long toOffset, long length) {
    Inode source = contents.regular(from);
    Inode destination = contents.regular(to);
    long end = fromOffset + length;
    boolean aligned =
        fromOffset % blockBytes == 0
            && toOffset % blockBytes == 0
            && (length % blockBytes == 0
                || (end == source.size() && toOffset + length >= destination.size()));
    if (fromOffset < 0 || toOffset < 0 || length < 0 || end > source.size() || !aligned) {
      throw new PosixException(PosixError.EINVAL, "only whole blocks can be shared");
    }
    if (from.equals(to) && fromOffset < toOffset + length && toOffset < end) {
      throw new PosixException(PosixError.EINVAL, "the ranges overlap");
    }
    if (toOffset > destination.size()) {
      contents.zeroBehindEnd(to, destination);
    }
    announce();
    long sectors = Math.ceilDiv(length, blockBytes) * (blockBytes >> SECTOR_SHIFT);
    long newSize = toOffset + length;
    long done = 0;
    while (done < sectors) {
      long at = done;
      long first = fromOffset >> SECTOR_SHIFT;
      long target = toOffset >> SECTOR_SHIFT;
      done =
          contents.replacing(
              to,
              "remap_range",
              tree -> at + step(tree, from, first + at, to, target + at, sectors - at, newSize));
    }
  }

  /** Names in the superblock what sharing needs. */
  void announce() {
    filesystem.require(Feature.REFLINK);
    filesystem.require(Feature.REFLINK_INLINE_DATA);
  }

  /**
   * A key for the same data that may be put in one more place.
   *
   * @param extent one of the file's, which may be an ancestor's: it is shared from then on
   */
  Bkey shared(TreeTransaction tree, InodeId file, Bkey extent) {
    if (extent.type() != KeyType.EXTENT.number()) {
      return extent;
    }
    if (!isUnwritten(extent)) {
      return makeIndirect(tree, file, extent);
    }
    DataOptions options = DataOptions.of(tree.inode(file), filesystem.options());
    return Preallocation.sized(
        new Preallocation(options).reservation(), file.number(), extent.start(), extent.offset());
  }

  /** Shares the first extent of a range, or makes its first hole; how many sectors that is. */
  private long step(
      TreeTransaction tree,
      InodeId from,
      long start,
      InodeId to,
      long target,
      long sectors,
      long newSize) {
    SnapshotKeys keys = tree.keys(from.subvolume());
    Bkey extent = next(keys, from.number(), start, start + sectors);
    Bkey insert = null;
    long length = extent == null ? sectors : Math.min(sectors, extent.start() - start);
    if (length <= 0) {
      Bkey pointer =
          extent.type() == KeyType.REFLINK_P.number() ? extent : makeIndirect(tree, from, extent);
      length = Math.min(sectors, extent.offset() - start);
      insert = pointer(to.number(), target, length, index(pointer) + start - pointer.start());
    }
    ExtentOverwrite.Done done =
        contents
            .overwrite(tree, to)
            .replace(to.number(), target, target + length, insert, EXTENTS_MOST);
    Inode inode = tree.inode(to);
    InodeBuilder changed = new InodeBuilder(inode);
    changed.set(InodeField.SECTORS, inode.sectors() + done.sectors());
    long size = Math.min(newSize, done.end() << SECTOR_SHIFT);
    changed.set(InodeField.SIZE, Math.max(inode.size(), size));
    changed.set(InodeField.MTIME, tree.now()).set(InodeField.CTIME, tree.now());
    tree.put(to, changed);
    return done.end() - target;
  }

  /** The first extent with data in a range, or null. */
  private Bkey next(SnapshotKeys keys, long inode, long start, long end) {
    Bpos first = new Bpos(inode, start + 1, 0);
    try (KeyIterator all =
        keys.visible(BtreeId.EXTENTS, first, new Bpos(inode, Long.MAX_VALUE, 0))) {
      while (all.next() && all.key().start() < end) {
        int type = all.key().type();
        boolean data =
            type == KeyType.REFLINK_P.number()
                || type == KeyType.INLINE_DATA.number()
                || (type == KeyType.EXTENT.number() && !isUnwritten(all.key()));
        if (data) {
          return all.key().copy();
        }
      }
    }
    return null;
  }

  private boolean isUnwritten(Bkey key) {
    return new ExtentEntries()
        .isUnwritten(key, ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
  }

  private static long index(Bkey pointer) {
    return ReflinkP.INDEX.get(
        Le.u64(pointer.segment(), pointer.valueOffset() + ReflinkP.OFFSET_INDEX_AND_FLAGS));
  }

  private static Bkey pointer(long inode, long start, long sectors, long index) {
    MemorySegment value = MemorySegment.ofArray(new long[ReflinkP.BYTES / Long.BYTES]);
    Le.putU64(value, ReflinkP.OFFSET_INDEX_AND_FLAGS, ReflinkP.INDEX.set(0, index));
    return new Bkey()
        .setPos(inode, start + sectors, 0)
        .setSize((int) sectors)
        .setType(KeyType.REFLINK_P.number())
        .setValue(value, 0, ReflinkP.BYTES);
  }

  /** Moves an extent to the reflink btree; the pointer that takes its place, in its snapshot. */
  private Bkey makeIndirect(TreeTransaction tree, InodeId from, Bkey extent) {
    boolean inline = extent.type() == KeyType.INLINE_DATA.number();
    long sectors = Integer.toUnsignedLong(extent.size());
    long index = lastIndex(filesystem.btrees(), tree);
    long note = inline ? 0 : note(tree.inode(from));
    long noted = inline ? -1 : noteAt(extent);
    boolean append = note != 0 && noted < 0;
    int words = 1 + extent.valueBytes() / Long.BYTES;
    MemorySegment value = MemorySegment.ofArray(new long[append ? words + 1 : words]);
    MemorySegment.copy(
        extent.segment(), extent.valueOffset(), value, Long.BYTES, extent.valueBytes());
    if (append) {
      Le.putU64(value, (long) words * Long.BYTES, note);
    } else if (note != 0) {
      Le.putU64(value, Long.BYTES + noted, withWork(note, Le.u64(value, Long.BYTES + noted)));
    }
    KeyType type = inline ? KeyType.INDIRECT_INLINE_DATA : KeyType.REFLINK_V;
    tree.transaction()
        .update(
            BtreeId.REFLINK,
            new Bkey()
                .setPos(0, index + sectors, 0)
                .setSize(extent.size())
                .setVersion(extent.versionHi(), extent.versionLo())
                .setType(type.number())
                .setValue(value, 0, (int) value.byteSize()));
    Bkey pointer = pointer(extent.inode(), extent.start(), sectors, index);
    pointer.setPos(extent.pos());
    ReflinkReferences.add(tree.transaction(), pointer);
    tree.transaction().update(BtreeId.EXTENTS, pointer);
    return pointer;
  }

  /** Where in an extent's value its note is; -1 if it has none. */
  private long noteAt(Bkey extent) {
    ExtentEntries entries =
        new ExtentEntries()
            .of(extent, ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        return entries.entryOffset() - extent.valueOffset();
      }
    }
    return -1;
  }

  /** A note of options with what another one says of work. */
  private static long withWork(long note, long old) {
    long word = ExtentReconcile.NEED_RB.set(note, ExtentReconcile.NEED_RB.get(old));
    word = ExtentReconcile.HIPRI.set(word, ExtentReconcile.HIPRI.get(old));
    word = ExtentReconcile.PENDING.set(word, ExtentReconcile.PENDING.get(old));
    return ExtentReconcile.PTRS_MOVING.set(word, ExtentReconcile.PTRS_MOVING.get(old));
  }

  /**
   * Shared data says whose options it was to have, where these were the file's own; not on
   * filesystems that are kept for kernels that do not know such notes, and lose the data.
   */
  private long note(Inode inode) {
    boolean known =
        filesystem.superblock().versionIncompatAllowed()
            >= MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S.number();
    ReconcileOptions options = ReconcileOptions.of(inode, filesystem.options());
    return !known || options.own() == 0 ? 0 : options.word();
  }

  /** Where the reflink btree ends. */
  private static long lastIndex(Btrees btrees, TreeTransaction tree) {
    // Nothing but a search from above finds the last key: by halves, some 56 looks.
    long low = 0;
    long high = ReflinkP.INDEX.max();
    while (low < high) {
      long middle = low + (high - low) / 2 + 1;
      Bpos from = Bpos.of(0, middle);
      try (KeyIterator keys = btrees.iterate(BtreeId.REFLINK.number(), from, new Bpos(0, -1, -1))) {
        if (keys.next()) {
          low = keys.key().offset();
        } else {
          high = middle - 1;
        }
      }
    }
    // What this transaction and others made since is seen, and checked, from here.
    long last = low;
    try (KeyIterator keys =
        tree.transaction()
            .iterate(BtreeId.REFLINK, Bpos.of(0, low), new Bpos(0, Long.MAX_VALUE, 0))) {
      while (keys.next()) {
        last = keys.key().offset();
      }
    }
    return last;
  }
}
