// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.data.write.DataWriter;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.data.write.NativeBuffer;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.LoggedOpFinsert;

/**
 * Changes of what is in files. Data is written to fresh sectors first; then transactions put its
 * extents into the file, and change its size and sectors with them. Thread-safe; changes of one
 * file are made one after another.
 */
final class FileContents {
  private static final int SECTOR_SHIFT = 9;

  /** Bytes that are written before they are committed. */
  static final int PIECE_BYTES = 1 << 20;

  /** The longest target of a symbolic link. */
  private static final int TARGET_MOST = 4095;

  /** Extents that one transaction puts in or takes out. */
  static final int EXTENTS_MOST = 32;

  /** A block is never in more pieces than it has sectors, and no block has more than this. */
  private static final int BLOCK_EXTENTS_MOST = 129;

  /** Beyond the last sector of any file. */
  static final long END = Long.MAX_VALUE >>> SECTOR_SHIFT;

  private final WritableFilesystem filesystem;
  private final Function<InodeId, Inode> inodes;
  private final Reader reader;
  private final InodeLocks locks;
  private final DataWriter writer;
  private final RoomNeeded room;
  private final Function<InodeId, FileId> files;
  private final ExtentCut cut;
  private final LoggedOps loggedOps;
  private final int blockBytes;
  private final ThreadLocal<NativeBuffer> buffers = ThreadLocal.withInitial(NativeBuffer::new);
  private final DelayedWrites delayed;
  private final InPlaceWrites inPlace;
  private final ExtentInserts inserts;
  private final WaitingExtents waiting = new WaitingExtents(this::insertTogether);

  /** Reads a file, however large it says it is: what is stored behind its end, too. */
  interface Reader {
    int read(InodeId id, long offset, MemorySegment into);
  }

  FileContents(
      WritableFilesystem filesystem,
      Function<InodeId, Inode> inodes,
      Function<InodeId, FileId> files,
      Reader reader,
      InodeLocks locks) {
    this.filesystem = filesystem;
    this.inodes = inodes;
    this.files = files;
    this.room = new RoomNeeded(filesystem);
    this.reader = reader;
    this.locks = locks;
    this.writer = new DataWriter(filesystem);
    this.cut = new ExtentCut(ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
    this.loggedOps = new LoggedOps();
    this.blockBytes = filesystem.superblock().blockBytes();
    this.delayed = new DelayedWrites(filesystem, this, locks);
    this.inPlace = new InPlaceWrites(filesystem);
    this.inserts =
        new ExtentInserts(this, ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
  }

  /** What is only in memory yet. */
  DelayedWrites delayed() {
    return delayed;
  }

  ExtentOverwrite overwrite(TreeTransaction tree, InodeId id) {
    return new ExtentOverwrite(tree.writing(id.subvolume()), cut);
  }

  /** One transaction that replaces extents: nobody reads the file's old ones meanwhile. */
  <T> T replacing(InodeId id, String name, Function<TreeTransaction, T> body) {
    Lock lock = locks.replacing(id);
    lock.lock();
    try {
      return filesystem
          .transact(name, transaction -> body.apply(new TreeTransaction(filesystem, transaction)))
          .value();
    } finally {
      lock.unlock();
    }
  }

  /** Takes the locks for a change; what was delayed comes before it. */
  void begin(InodeId id) {
    lock(id);
    boolean done = false;
    try {
      delayed.write(id);
      done = true;
    } finally {
      if (!done) {
        end(id);
      }
    }
  }

  /** Takes the locks for a change. */
  void lock(InodeId id) {
    filesystem.makeRoom();
    locks.unfinished().lock();
    locks.change(id).lock();
  }

  /** Lets go of them. */
  void end(InodeId id) {
    locks.change(id).unlock();
    locks.unfinished().unlock();
  }

  /** The inode of a file that has contents, which may change. */
  Inode regular(InodeId id) {
    Inode inode = inodes.apply(id);
    int type = inode.mode() & Inode.TYPE_MASK;
    if (type == Inode.TYPE_DIRECTORY) {
      throw new PosixException(PosixError.EISDIR, "a directory");
    }
    if (type != Inode.TYPE_REGULAR && type != Inode.TYPE_LINK) {
      throw new PosixException(PosixError.EINVAL, "the file has no contents");
    }
    if (inode.has(Inode.FLAG_IMMUTABLE)) {
      throw new PosixException(PosixError.EPERM, "the file is immutable");
    }
    return inode;
  }

  long down(long offset) {
    return offset & -blockBytes;
  }

  long up(long offset) {
    return (offset + blockBytes - 1) & -blockBytes;
  }

  // Writing

  /** Writes; how many bytes, which is less only if there is no room for more. */
  long write(InodeId id, long offset, MemorySegment data) {
    if (offset < 0 || data.byteSize() > Long.MAX_VALUE - blockBytes - offset) {
      throw new PosixException(PosixError.EFBIG, "beyond the largest file");
    }
    filesystem.makeRoom();
    locks.unfinished().lock();
    try {
      long done = 0;
      long most = PIECE_BYTES;
      while (done < data.byteSize()) {
        long bytes = Math.min(most - (offset + done) % blockBytes, data.byteSize() - done);
        try {
          writeOnePiece(id, offset + done, data.asSlice(done, bytes));
          done += bytes;
        } catch (PosixException e) {
          if (e.error() == PosixError.ENOSPC && bytes > blockBytes) {
            most = Math.max(blockBytes, down(bytes / 2));
          } else if (e.error() == PosixError.ENOSPC && done > 0) {
            return done;
          } else {
            throw e;
          }
        }
      }
      return done;
    } finally {
      locks.unfinished().unlock();
    }
  }

  private void writeOnePiece(InodeId id, long offset, MemorySegment data) {
    if (data.isNative() && isWhole(offset, data.byteSize()) && data.byteSize() >= blockBytes) {
      Inode inode = regular(id);
      DataOptions options = DataOptions.of(inode, filesystem.options());
      boolean over = DataOptions.isInPlace(inode, filesystem.options());
      if (data.byteSize() > options.inlineBytes() && !over) {
        writeWhole(id, offset, data, options);
        return;
      }
    }
    locks.change(id).lock();
    try {
      delayed.write(id);
      writePiece(id, offset, data);
    } finally {
      locks.change(id).unlock();
    }
  }

  /** Whole blocks depend on nothing that is there: they are written side by side with others. */
  private void writeWhole(InodeId id, long offset, MemorySegment data, DataOptions options) {
    long end = offset + data.byteSize();
    try (SpaceBudget.Promise _ = promise(id, offset, end, options);
        DataWriter.Written written =
            writer.write(options, id.number(), offset >> SECTOR_SHIFT, data)) {
      waiting.insert(id, written.keys(), end);
    }
  }

  /** Puts extents of several writes into a file; any of them may be in it already. */
  private void insertTogether(InodeId id, List<WaitingExtents.Extents> writes) {
    locks.change(id).lock();
    try {
      delayed.write(id);
      Inode inode = inodes.apply(id);
      if (writes.stream().anyMatch(each -> each.start() > inode.size())) {
        zeroBehindEnd(id, inode);
      }
      inserts.insert(id, writes, Touch.CHANGED);
    } finally {
      locks.change(id).unlock();
    }
  }

  private boolean isWhole(long offset, long bytes) {
    return down(offset) == offset && down(bytes) == bytes;
  }

  private void writePiece(InodeId id, long offset, MemorySegment data) {
    Inode inode = regular(id);
    long end = up(offset + data.byteSize());
    DataOptions options = DataOptions.of(inode, filesystem.options());
    try (SpaceBudget.Promise _ = promise(id, down(offset), end, options)) {
      writePromised(id, inode, offset, data, Touch.CHANGED);
    }
  }

  private void writePromised(
      InodeId id, Inode inode, long offset, MemorySegment data, Touch touch) {
    long from = down(offset);
    if (from > inode.size()) {
      zeroBehindEnd(id, inode);
    }
    long newSize = Math.max(inode.size(), offset + data.byteSize());
    put(id, inode, from, blocks(id, inode, offset, data), newSize, touch);
  }

  /**
   * Makes what is stored in the last block of a file behind its end zeros, before the file becomes
   * larger and shows it; with its change lock. A crash may leave data there that was written in
   * place, and not the size that went with it.
   */
  void zeroBehindEnd(InodeId id, Inode inode) {
    long size = inode.size();
    long rest = up(size) - size;
    if (rest == 0) {
      return;
    }
    MemorySegment there = MemorySegment.ofArray(new byte[(int) rest]);
    reader.read(id, size, there);
    if (there.mismatch(zeros(rest)) < 0) {
      return;
    }
    DataOptions options = DataOptions.of(inode, filesystem.options());
    try (SpaceBudget.Promise _ = promise(id, down(size), up(size), options)) {
      MemorySegment block = buffers.get().atLeast(blockBytes).asSlice(0, blockBytes);
      readBlock(id, inode, down(size), block);
      put(id, inode, down(size), block, size, Touch.RESERVED);
    }
  }

  /** Room for what the file has none for yet; ENOSPC if there is not enough. */
  SpaceBudget.Promise promise(InodeId id, long from, long end, DataOptions options) {
    long sectors =
        room.sectors(
            files.apply(id), from >> SECTOR_SHIFT, end >> SECTOR_SHIFT, options.replicas());
    return filesystem.budget().promise(sectors, sectors);
  }

  /** The data with what is around it in its first and last block. */
  private MemorySegment blocks(InodeId id, Inode inode, long offset, MemorySegment data) {
    long from = down(offset);
    long end = offset + data.byteSize();
    boolean whole = from == offset && up(end) == end;
    if (whole && data.isNative()) {
      return data;
    }
    MemorySegment blocks = buffers.get().atLeast(up(end) - from).asSlice(0, up(end) - from);
    if (!whole) {
      readBlock(id, inode, from, blocks.asSlice(0, blockBytes));
      long last = up(end) - blockBytes;
      if (last != from) {
        readBlock(id, inode, last, blocks.asSlice(last - from, blockBytes));
      }
    }
    blocks.asSlice(offset - from, data.byteSize()).copyFrom(data);
    return blocks;
  }

  /** A block as it is, zeros beyond the end of the file. */
  private void readBlock(InodeId id, Inode inode, long offset, MemorySegment into) {
    long there = Math.clamp(inode.size() - offset, 0, blockBytes);
    into.asSlice(there).fill((byte) 0);
    if (there > 0) {
      reader.read(id, offset, into.asSlice(0, there));
    }
  }

  /** Reads what is in a file; with its change lock. */
  void read(InodeId id, long offset, MemorySegment into) {
    reader.read(id, offset, into);
  }

  /** Puts blocks into a file. */
  private void put(
      InodeId id, Inode inode, long offset, MemorySegment blocks, long newSize, Touch touch) {
    DataOptions options = DataOptions.of(inode, filesystem.options());
    if (DataOptions.isInPlace(inode, filesystem.options())) {
      InPlaceWrites.Done inside = inPlace.write(files.apply(id), options, offset, blocks);
      long done = inserts.fill(id, inside, offset, newSize, touch);
      if (done > 0) {
        touch(id, Math.min(newSize, offset + done), touch);
      }
      if (done < blocks.byteSize()) {
        putElsewhere(id, options, offset + done, blocks.asSlice(done), newSize, touch);
      }
      return;
    }
    putElsewhere(id, options, offset, blocks, newSize, touch);
  }

  /** Puts blocks into a file that are written to fresh sectors, or into a key. */
  private void putElsewhere(
      InodeId id,
      DataOptions options,
      long offset,
      MemorySegment blocks,
      long newSize,
      Touch touch) {
    long left = newSize - offset;
    if (left <= Math.min(options.inlineBytes(), blocks.byteSize())) {
      Bkey key = inline(id.number(), offset, blocks, (int) left);
      insert(id, List.of(key), newSize, touch);
      return;
    }
    try (DataWriter.Written written =
        writer.write(options, id.number(), offset >> SECTOR_SHIFT, blocks)) {
      insert(id, written.keys(), newSize, touch);
    }
  }

  /** Data that is kept in its key. */
  private Bkey inline(long inode, long offset, MemorySegment blocks, int bytes) {
    filesystem.require(Feature.INLINE_DATA);
    MemorySegment value = MemorySegment.ofArray(new long[Math.ceilDiv(bytes, Long.BYTES)]);
    MemorySegment.copy(blocks, 0, value, 0, bytes);
    long end = (offset + blocks.byteSize()) >> SECTOR_SHIFT;
    return new Bkey()
        .setPos(inode, end, 0)
        .setSize((int) (blocks.byteSize() >> SECTOR_SHIFT))
        .setType(KeyType.INLINE_DATA.number())
        .setValue(value, 0, (int) value.byteSize());
  }

  /**
   * Gives holes of a range room that data can be written into later; with the file's change lock.
   */
  void reserve(InodeId id, DataOptions options, long offset, long bytes, Touch touch) {
    long end = (offset + bytes) >> SECTOR_SHIFT;
    long at = offset >> SECTOR_SHIFT;
    while (at < end) {
      Hole hole = hole(id, at, end);
      if (hole == null) {
        return;
      }
      try (DataWriter.Written room =
          writer.reserve(options, id.number(), hole.start, hole.end - hole.start, EXTENTS_MOST)) {
        insert(id, room.keys(), 0, touch);
        at = room.keys().getLast().offset();
      }
    }
  }

  private record Hole(long start, long end) {}

  /** The first range without any key; null if there is none. */
  private Hole hole(InodeId id, long start, long end) {
    long at = start;
    try (VisibleKeys keys =
        new VisibleKeys(
            filesystem.btrees(),
            filesystem.snapshots(),
            BtreeId.EXTENTS.number(),
            files.apply(id).snapshot(),
            new Bpos(id.number(), start + 1, 0),
            new Bpos(id.number(), Long.MAX_VALUE, 0))) {
      while (at < end && keys.next()) {
        if (keys.key().start() > at) {
          return new Hole(at, Math.min(end, keys.key().start()));
        }
        at = keys.key().offset();
      }
    }
    return at < end ? new Hole(at, end) : null;
  }

  private void insert(InodeId id, List<Bkey> extents, long newSize, Touch touch) {
    inserts.insert(id, List.of(new WaitingExtents.Extents(extents, newSize)), touch);
  }

  /** Makes a symbolic link, its target and all in one. */
  Committer.Committed<Inode> symlink(InodeId directory, byte[] name, NewInode how) {
    byte[] target = how.target();
    if (target.length == 0 || target.length > TARGET_MOST) {
      throw new PosixException(
          target.length == 0 ? PosixError.ENOENT : PosixError.ENAMETOOLONG, "the link's target");
    }
    DataOptions options = DataOptions.of(inodes.apply(directory), filesystem.options());
    MemorySegment blocks =
        buffers.get().atLeast(up(target.length)).asSlice(0, up(target.length)).fill((byte) 0);
    MemorySegment.copy(target, 0, blocks, ValueLayout.JAVA_BYTE, 0, target.length);
    if (target.length <= options.inlineBytes()) {
      return symlink(directory, name, how, List.of(inline(0, 0, blocks, target.length)));
    }
    try (DataWriter.Written written = writer.write(options, 0, 0, blocks)) {
      return symlink(directory, name, how, written.keys());
    }
  }

  private Committer.Committed<Inode> symlink(
      InodeId directory, byte[] name, NewInode how, List<Bkey> target) {
    return filesystem.transact(
        "symlink",
        transaction -> {
          TreeTransaction tree = new TreeTransaction(filesystem, transaction);
          Inode made = Creation.create(tree, directory, name, how);
          InodeId id = new InodeId(directory.subvolume(), made.number());
          long sectors = 0;
          for (Bkey key : target) {
            sectors +=
                overwrite(tree, id)
                    .replace(made.number(), key.start(), key.offset(), key, 2)
                    .sectors();
          }
          InodeBuilder inode = new InodeBuilder(made).set(InodeField.SIZE, how.target().length);
          tree.put(id, inode.set(InodeField.SECTORS, sectors));
          return inode.build();
        });
  }

  // Writing later: what DelayedWrites needs

  /**
   * Room for bytes that are to be written later.
   *
   * @return null if there is not enough
   */
  SpaceBudget.Promise promiseLater(InodeId id, Inode inode, long offset, long bytes) {
    DataOptions options = DataOptions.of(inode, filesystem.options());
    try {
      return promise(id, down(offset), up(offset + bytes), options);
    } catch (PosixException e) {
      if (e.error() == PosixError.ENOSPC) {
        return null;
      }
      throw e;
    }
  }

  /** Writes bytes that room was promised for; with the file's change lock. */
  void writePromised(InodeId id, long offset, MemorySegment data, Touch touch) {
    writePromised(id, regular(id), offset, data, touch);
  }

  /** Sets times alone; with the file's change lock. */
  void touch(InodeId id, Touch touch) {
    touch(id, 0, touch);
  }

  /** Sets times, and a size if the file is smaller. */
  private void touch(InodeId id, long size, Touch touch) {
    replacing(
        id,
        "setattr",
        tree -> {
          tree.writing(id.subvolume());
          Inode inode = tree.inode(id);
          InodeBuilder changed = new InodeBuilder(inode);
          changed.set(InodeField.SIZE, Math.max(inode.size(), size));
          touch.set(tree, changed);
          tree.put(id, changed);
          return null;
        });
  }

  // Cutting off and punching out

  /** Sets the size of a file. */
  void truncate(InodeId id, long newSize) {
    if (newSize < 0 || newSize > END << SECTOR_SHIFT) {
      throw new PosixException(PosixError.EFBIG, "beyond the largest file");
    }
    lock(id);
    try {
      if (newSize > 0) {
        delayed.write(id);
      }
      Inode inode = regular(id);
      if (inode.has(Inode.FLAG_APPEND)) {
        throw new PosixException(PosixError.EPERM, "the file is append-only");
      }
      if (newSize > inode.size()) {
        zeroBehindEnd(id, inode);
      }
      try (Tail tail = tail(id, inode, newSize)) {
        cutOff(id, newSize, tail);
      }
      if (newSize == 0) {
        // Nothing of a file that is empty need be written.
        delayed.drop(id);
      }
    } finally {
      end(id);
    }
  }

  /** The last block as it will be; closed when it is committed or given up. */
  private record Tail(Bkey key, DataWriter.Written written) implements AutoCloseable {
    @Override
    public void close() {
      if (written != null) {
        written.close();
      }
    }
  }

  /** What follows in the block that will be the last one must not come back when it grows. */
  private Tail tail(InodeId id, Inode inode, long end) {
    long block = down(end);
    if (block == end || end >= inode.size()) {
      return new Tail(null, null);
    }
    MemorySegment bytes = buffers.get().atLeast(blockBytes).asSlice(0, blockBytes);
    readBlock(id, inode, block, bytes);
    MemorySegment rest = bytes.asSlice(end - block);
    if (rest.mismatch(zeros(rest.byteSize())) < 0) {
      return new Tail(null, null);
    }
    rest.fill((byte) 0);
    DataOptions options = DataOptions.of(inode, filesystem.options());
    if (end - block <= options.inlineBytes()) {
      return new Tail(inline(id.number(), block, bytes, (int) (end - block)), null);
    }
    DataWriter.Written written = writer.write(options, id.number(), block >> SECTOR_SHIFT, bytes);
    return new Tail(written.keys().getFirst(), written);
  }

  static MemorySegment zeros(long bytes) {
    return MemorySegment.ofArray(new byte[(int) bytes]);
  }

  private void cutOff(InodeId id, long newSize, Tail tail) {
    long first = up(newSize) >> SECTOR_SHIFT;
    long logged =
        replacing(
            id,
            "truncate",
            tree -> {
              Inode inode = tree.inode(id);
              ExtentOverwrite overwrite = overwrite(tree, id);
              long sectors = 0;
              Bkey key = tail.key();
              if (key != null) {
                // A block overlaps so few extents that none is left over.
                sectors +=
                    overwrite
                        .replace(id.number(), key.start(), key.offset(), key, BLOCK_EXTENTS_MOST)
                        .sectors();
              }
              ExtentOverwrite.Done done =
                  overwrite.replace(id.number(), first, END, null, EXTENTS_MOST);
              InodeBuilder changed = new InodeBuilder(inode).set(InodeField.SIZE, newSize);
              changed.set(InodeField.SECTORS, inode.sectors() + sectors + done.sectors());
              changed.set(InodeField.MTIME, tree.now()).set(InodeField.CTIME, tree.now());
              tree.put(id, changed);
              return done.end() < END ? loggedOps.startTruncate(tree, id, newSize) : 0;
            });
    if (logged != 0) {
      finishTruncate(id, newSize, logged);
    }
  }

  /** Takes out what is left behind the end, and then the note that it must be. */
  void finishTruncate(InodeId id, long size, long logged) {
    long first = up(size) >> SECTOR_SHIFT;
    boolean more = true;
    while (more) {
      more =
          replacing(
              id,
              "truncate",
              tree -> {
                Inode inode = tree.inode(id);
                InodeBuilder changed = new InodeBuilder(inode);
                ExtentOverwrite.Done done =
                    overwrite(tree, id).replace(id.number(), first, END, null, EXTENTS_MOST);
                changed.set(InodeField.SECTORS, inode.sectors() + done.sectors());
                changed.set(InodeField.SIZE, size);
                tree.put(id, changed);
                if (done.end() == END) {
                  loggedOps.finish(tree, logged);
                }
                return done.end() < END;
              });
    }
  }

  // Reserving

  /** Carries fallocate(2) out. */
  void allocate(InodeId id, AllocateMode mode, long offset, long length) {
    new RangeAllocation(filesystem, this).run(id, mode, offset, length);
  }

  // Sharing

  /** Makes a range of a file share the data of another's. */
  void clone(InodeId from, long fromOffset, InodeId to, long toOffset, long length) {
    locks.unfinished().lock();
    locks.lockBoth(from, to);
    try {
      delayed.write(from);
      delayed.write(to);
      new Cloning(filesystem, this, blockBytes).run(from, fromOffset, to, toOffset, length);
    } finally {
      locks.unlockBoth(from, to);
      locks.unfinished().unlock();
    }
  }

  /** Carries fallocate(2) with FALLOC_FL_INSERT_RANGE or FALLOC_FL_COLLAPSE_RANGE out. */
  void shift(InodeId id, boolean insert, long offset, long length) {
    if (offset < 0 || length <= 0) {
      throw new PosixException(PosixError.EINVAL, "no range of a file");
    }
    begin(id);
    try {
      Inode inode = regular(id);
      if (inode.has(Inode.FLAG_APPEND)) {
        throw new PosixException(PosixError.EPERM, "the file is append-only");
      }
      if (offset % blockBytes != 0 || length % blockBytes != 0) {
        throw new PosixException(PosixError.EINVAL, "only whole blocks can be moved");
      }
      RangeShift shift = shift();
      if (insert) {
        shift.insert(id, inode, offset, length);
      } else {
        shift.collapse(id, inode, offset, length);
      }
      if (DataOptions.isInPlace(inode, filesystem.options())) {
        // What is overwritten in place from now on must not be where it was after a crash.
        filesystem.sync();
      }
    } finally {
      end(id);
    }
  }

  /** Carries on with what a crash interrupted. */
  void finishShift(LoggedOpFinsert op, long logged) {
    shift().carryOn(op, logged);
  }

  private RangeShift shift() {
    return new RangeShift(this, new Cloning(filesystem, this, blockBytes), loggedOps, cut);
  }

  /** Writes what is delayed; it can still be used. */
  void close() {
    delayed.writeAll(_ -> true);
    writer.close();
  }
}
