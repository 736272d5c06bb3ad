// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;
import java.util.function.ToLongFunction;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.ReflinkP;

/** The contents of files, from the extents that a snapshot sees. Thread-safe. */
public final class FileDataReader implements FileData {
  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;
  private static final int SECTOR = 1 << SECTOR_SHIFT;

  /** Byte offsets behind it would not fit. */
  private static final long LAST_REFLINK_SECTOR = Long.MAX_VALUE >>> (SECTOR_SHIFT + 1);

  private static final int MAX_BLOCK_SECTORS = 128;
  private static final int EXTENTS = BtreeId.EXTENTS.number();
  private static final int REFLINK = BtreeId.REFLINK.number();

  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final ExtentReader extents;
  private final ToLongFunction<FileId> sizes;
  private final Lock reading;
  private final ReadWatch watch;

  /**
   * Contents of that filesystem's files.
   *
   * @param sizes gives a file's size in bytes
   */
  public FileDataReader(
      Btrees btrees, SnapshotTable snapshots, ExtentReader extents, ToLongFunction<FileId> sizes) {
    this(btrees, snapshots, extents, sizes, null, ReadWatch.NONE);
  }

  /**
   * Contents of files that are changed meanwhile.
   *
   * @param reading held while extents are read: nobody moves them then; null if nobody ever does
   * @param watch told of what was read
   */
  public FileDataReader(
      Btrees btrees,
      SnapshotTable snapshots,
      ExtentReader extents,
      ToLongFunction<FileId> sizes,
      Lock reading,
      ReadWatch watch) {
    this.watch = watch;
    this.reading = reading;
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.extents = extents;
    this.sizes = sizes;
  }

  @Override
  public int read(FileId file, long offset, MemorySegment into) {
    long wanted = Math.min(into.byteSize(), Integer.MAX_VALUE & -SECTOR);
    long bytes = Math.min(wanted, sizes.applyAsLong(file) - offset);
    if (bytes <= 0 || offset < 0) {
      return 0;
    }
    if (reading != null) {
      reading.lock();
    }
    try {
      readRange(file, offset, into, bytes);
    } catch (LostDataException | CorruptionException e) {
      throw lost(file, offset, bytes, e);
    } finally {
      if (reading != null) {
        reading.unlock();
      }
    }
    return (int) bytes;
  }

  private static LostDataException lost(FileId file, long offset, long bytes, BcachefsException e) {
    String where =
        "inode "
            + Long.toUnsignedString(file.inode())
            + " bytes "
            + offset
            + " to "
            + (offset + bytes);
    return new LostDataException(Place.structure(where), e.sentence());
  }

  private void readRange(FileId file, long offset, MemorySegment into, long bytes) {
    long at = offset;
    long end = offset + bytes;
    ReadWatch.OfFile told = watch.of(file);
    try (KeyIterator keys = keys(file, offset >>> SECTOR_SHIFT)) {
      while (at < end && keys.next()) {
        Bkey key = keys.key();
        long keyStart = startByte(key);
        long start = Math.max(at, keyStart);
        long stop = Math.min(end, endByte(key));
        if (start >= end) {
          break;
        }
        if (start < stop) {
          fillHole(file, at, start, into.asSlice(at - offset, start - at));
          readKey(told, key, start - keyStart, into, start - offset, stop - start);
          at = stop;
        }
      }
    }
    fillHole(file, at, end, into.asSlice(at - offset, end - at));
  }

  /** A hole reads as zeros, unless it may only look like one because keys are lost. */
  private void fillHole(FileId file, long from, long to, MemorySegment into) {
    if (from < to && mayLack(file, from, to)) {
      throw new LostDataException(
          Place.structure("btree extents").at(Long.toUnsignedString(file.inode())),
          "keys are lost that may say what is between bytes " + from + " and " + to);
    }
    if (from < to) {
      into.fill((byte) 0);
      extents.activity().addBytes(PersistentCounter.DATA_READ_HOLE, to - from);
    }
  }

  private void count(Bkey key, long bytes) {
    boolean inline =
        key.type() == KeyType.INLINE_DATA.number()
            || key.type() == KeyType.INDIRECT_INLINE_DATA.number();
    extents
        .activity()
        .addBytes(inline ? PersistentCounter.DATA_READ_INLINE : PersistentCounter.DATA_READ, bytes);
  }

  /** Whether an extent in that range may be lost; it would end at most a block behind it. */
  private boolean mayLack(FileId file, long from, long to) {
    return btrees.mayLack(
        EXTENTS,
        new Bpos(file.inode(), (from >>> SECTOR_SHIFT) + 1, 0),
        new Bpos(file.inode(), (to >>> SECTOR_SHIFT) + MAX_BLOCK_SECTORS, -1));
  }

  /** The byte where a key's range begins. */
  private static long startByte(Bkey key) {
    if (Long.compareUnsigned(key.offset(), Integer.toUnsignedLong(key.size())) < 0) {
      throw new CorruptionException(
          "bkey_extent_size_greater_than_offset",
          ExtentDecoder.place(key),
          "the extent would begin before sector 0");
    }
    return bytes(key.start());
  }

  private static long endByte(Bkey key) {
    return bytes(key.offset());
  }

  /** Sectors to bytes; positions that no file can have stay beyond the end of all. */
  private static long bytes(long sector) {
    return Long.compareUnsigned(sector, Long.MAX_VALUE >>> SECTOR_SHIFT) > 0
        ? Long.MAX_VALUE
        : sector << SECTOR_SHIFT;
  }

  private void readKey(
      ReadWatch.OfFile told, Bkey key, long from, MemorySegment into, long at, long bytes) {
    if (key.type() == KeyType.REFLINK_P.number()) {
      readIndirect(told, key, from, into, at, bytes);
    } else {
      extents.read(key, from, into, at, bytes);
      count(key, bytes);
      if (told != null) {
        told.read(BtreeId.EXTENTS, key, from, bytes);
      }
    }
  }

  /** Follows a pointer into the reflink btree, through as many indirect extents as it takes. */
  private void readIndirect(
      ReadWatch.OfFile told, Bkey key, long from, MemorySegment into, long at, long bytes) {
    long first = indirectStart(key) + from;
    long next = first;
    Bpos pos = Bpos.of(0, (first >>> SECTOR_SHIFT) + 1);
    try (KeyIterator keys = btrees.iterate(REFLINK, pos, new Bpos(0, -1, -1))) {
      while (next < first + bytes && keys.next()) {
        Bkey indirect = keys.key();
        long start = startByte(indirect);
        long stop = Math.min(first + bytes, endByte(indirect));
        if (start > next) {
          break;
        }
        extents.read(key, indirect, next - start, into, at + next - first, stop - next);
        count(indirect, stop - next);
        if (told != null) {
          told.read(BtreeId.REFLINK, indirect, next - start, stop - next);
        }
        next = stop;
      }
    }
    if (next < first + bytes) {
      long sector = next >>> SECTOR_SHIFT;
      throw missing(key, "the indirect extent at reflink sector " + sector + " is missing");
    }
  }

  private static long indirectStart(Bkey key) {
    if (key.valueBytes() < ReflinkP.BYTES) {
      throw missing(key, "the reflink pointer is too short");
    }
    long word = Le.u64(key.segment(), key.valueOffset() + ReflinkP.OFFSET_INDEX_AND_FLAGS);
    if (ReflinkP.ERROR.isSet(word)) {
      throw missing(key, "the reflink pointer is marked: what it pointed to was missing");
    }
    long sector = ReflinkP.INDEX.get(word);
    if (sector > LAST_REFLINK_SECTOR) {
      throw missing(key, "the reflink pointer leads to no place: sector " + sector);
    }
    return sector << SECTOR_SHIFT;
  }

  private static LostDataException missing(Bkey key, String what) {
    return new LostDataException(Place.structure("reflink pointer").at(key.pos()), what);
  }

  // Where keys are lost, there is data to be asked for: asking tells that it is lost.
  @Override
  public long nextData(FileId file, long offset) {
    long size = sizes.applyAsLong(file);
    if (offset < 0 || offset >= size) {
      return -1;
    }
    long at = offset;
    try (KeyIterator keys = keys(file, offset >>> SECTOR_SHIFT)) {
      while (keys.next()) {
        Bkey key = keys.key();
        long start = Math.max(offset, startByte(key));
        if (at < Math.min(start, size) && mayLack(file, at, Math.min(start, size))) {
          return at;
        }
        if (start >= size) {
          return -1;
        }
        if (ExtentReader.isData(key)) {
          return start;
        }
        at = Math.max(at, endByte(key));
      }
    }
    return at < size && mayLack(file, at, size) ? at : -1;
  }

  @Override
  public long nextHole(FileId file, long offset) {
    long size = sizes.applyAsLong(file);
    if (offset < 0 || offset >= size) {
      return -1;
    }
    long at = offset;
    try (KeyIterator keys = keys(file, offset >>> SECTOR_SHIFT)) {
      while (at < size && keys.next()) {
        Bkey key = keys.key();
        long start = Math.min(startByte(key), size);
        if (start > at && !mayLack(file, at, start)) {
          return at;
        }
        if (!ExtentReader.isData(key)) {
          return Math.max(at, start);
        }
        at = Math.max(at, endByte(key));
      }
    }
    return at < size && mayLack(file, at, size) ? size : Math.min(at, size);
  }

  /** Visible keys that end behind that sector, in order. */
  private KeyIterator keys(FileId file, long sector) {
    return new VisibleKeys(
        btrees,
        snapshots,
        EXTENTS,
        file.snapshot(),
        new Bpos(file.inode(), sector + 1, 0),
        new Bpos(file.inode(), -1, -1));
  }
}
