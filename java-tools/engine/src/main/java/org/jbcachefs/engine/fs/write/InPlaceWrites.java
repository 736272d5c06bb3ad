// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.DataOptions;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Overwrites data where it lies, as files with {@code nocow} want it: extents that are the file's
 * alone, and neither checksummed nor compressed nor encrypted. Nothing of it goes through the
 * journal; the change of the inode that follows does, and its flush makes the data durable. Of an
 * extent that has room and was never written the written part becomes an extent that is: by a
 * commit that comes after the data, since before it reads as zeros whatever is there. Thread-safe.
 * Source: {@code bch2_nocow_write}, {@code bch2_extent_is_writeable}.
 */
final class InPlaceWrites {
  private static final int SECTOR_SHIFT = 9;

  private final WritableFilesystem filesystem;
  private final ExtentEntrySizes sizes;
  private final int blockSectors;

  InPlaceWrites(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.sizes = ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s);
    this.blockSectors = filesystem.superblock().blockBytes() >> SECTOR_SHIFT;
  }

  private record Place(int device, long sector) {}

  /**
   * A part of an extent.
   *
   * @param extent where its key is
   * @param end the sector of the file at which the part ends
   * @param places where its copies begin
   * @param unwritten the extent, if it was never written; else null
   */
  private record Part(Bpos extent, long end, List<Place> places, Bkey unwritten) {}

  /** A part of an extent that was never written, which data is in now. */
  record Filled(Bkey extent, long start, long end) {
    /** The extent as if all of it were written; only the part is. */
    Bkey written(ExtentEntrySizes sizes) {
      Bkey now = extent.copy();
      ExtentEntries entries = new ExtentEntries().of(now, sizes);
      while (entries.nextPtr()) {
        long word = ExtentPtr.UNWRITTEN.set(entries.word(), 0);
        Le.putU64(now.segment(), entries.entryOffset(), word);
      }
      return now;
    }

    /** Whether it is still the extent that the data was written to. */
    boolean isThere(Transaction transaction) {
      Bkey there = new Bkey();
      return transaction.lookup(BtreeId.EXTENTS, extent.pos(), there)
          && there.type() == extent.type()
          && there.size() == extent.size()
          && there.value().mismatch(extent.value()) < 0;
    }
  }

  /**
   * What was done.
   *
   * @param bytes from the beginning on; what follows has to be written elsewhere
   * @param filled ascending; each has yet to become an extent that is written, and if one cannot,
   *     that and what follows has to be written elsewhere, too
   */
  record Done(long bytes, List<Filled> filled) {
    private static final Done NOTHING = new Done(0, List.of());
  }

  /**
   * Overwrites as much of a range as lies, from its beginning on, in extents that may be; with the
   * file's change lock.
   *
   * @param offset in the file, in bytes
   * @param blocks whole ones
   */
  Done write(FileId file, DataOptions options, long offset, MemorySegment blocks) {
    if (!filesystem.subvolumes().isWritable(file.subvolume())) {
      // Whoever writes elsewhere is told why not.
      return Done.NOTHING;
    }
    List<Filled> filled = new ArrayList<>();
    Lock lock = filesystem.reading();
    lock.lock();
    try {
      long start = offset >> SECTOR_SHIFT;
      long at = start;
      for (Part part : parts(file, options, start, start + (blocks.byteSize() >> SECTOR_SHIFT))) {
        long from = (at - start) << SECTOR_SHIFT;
        long bytes = (part.end - at) << SECTOR_SHIFT;
        if (!overwrite(part, blocks.asSlice(from, bytes))) {
          break;
        }
        if (part.unwritten != null) {
          filled.add(new Filled(part.unwritten, at, part.end));
        }
        at = part.end;
      }
      filesystem.clocks().addWrite(at - start);
      return new Done((at - start) << SECTOR_SHIFT, filled);
    } finally {
      lock.unlock();
    }
  }

  private List<Part> parts(FileId file, DataOptions options, long start, long end) {
    List<Part> parts = new ArrayList<>();
    Bpos from = new Bpos(file.inode(), start + 1, 0);
    Bpos to = new Bpos(file.inode(), Long.MAX_VALUE, 0);
    long at = start;
    try (VisibleKeys keys =
        new VisibleKeys(
            filesystem.btrees(),
            filesystem.snapshots(),
            BtreeId.EXTENTS.number(),
            file.snapshot(),
            from,
            to)) {
      while (at < end && keys.next() && keys.key().start() <= at) {
        Bkey key = keys.key();
        long stop = Math.min(end, key.offset());
        // A block is written as one.
        boolean whole = (stop - start) % blockSectors == 0;
        List<Place> places =
            whole && key.snapshot() == file.snapshot() ? places(key, options, at) : List.of();
        if (places.isEmpty()) {
          break;
        }
        parts.add(new Part(key.pos(), stop, places, isUnwritten(key) ? key.copy() : null));
        at = stop;
      }
    }
    return parts;
  }

  private boolean isUnwritten(Bkey key) {
    return new ExtentEntries().isUnwritten(key, sizes);
  }

  /** Where all copies of a sector of the file lie; empty if it must not be overwritten. */
  private List<Place> places(Bkey key, DataOptions options, long sector) {
    if (key.type() != KeyType.EXTENT.number()) {
      return List.of();
    }
    DeviceSet devices = filesystem.devices();
    List<Place> places = new ArrayList<>();
    int durability = 0;
    boolean unwritten = isUnwritten(key);
    ExtentEntries entries = new ExtentEntries().of(key, sizes);
    while (entries.nextPtr()) {
      int device = entries.dev();
      boolean fits =
          !entries.hasCrc()
              && !entries.hasStripe()
              && !entries.cached()
              && entries.unwritten() == unwritten
              && isWritten(device);
      if (!fits) {
        return List.of();
      }
      places.add(new Place(device, entries.sector() + sector - key.start()));
      durability += devices.member(device).durability();
    }
    boolean sound = !entries.unreadable() && !entries.poisoned();
    return sound && durability >= options.replicas() ? places : List.of();
  }

  private boolean isWritten(int index) {
    DeviceSet devices = filesystem.devices();
    Member member = index < devices.size() ? devices.member(index) : null;
    return member != null
        && devices.device(index) != null
        && member.state() == MemberState.RW
        && !devices.health().isStopped(index)
        && !devices.health().isFailing(index);
  }

  /** False if a copy could not be written: then the whole of it has to be written elsewhere. */
  private boolean overwrite(Part part, MemorySegment bytes) {
    DeviceSet devices = filesystem.devices();
    filesystem.inPlace().mark(part.extent);
    try {
      for (Place place : part.places) {
        devices.write(place.device, place.sector, bytes);
        devices.activity().wrote(DataType.USER, place.device, bytes.byteSize());
      }
      devices.activity().addBytes(PersistentCounter.DATA_WRITE, bytes.byteSize());
      if (part.places.size() == 1) {
        devices.health().wroteAlone(part.places.getFirst().device);
      }
      return true;
    } catch (DeviceException e) {
      // Counted and told where it happened; others may take it.
      return false;
    } finally {
      filesystem.inPlace().mark(part.extent);
    }
  }
}
