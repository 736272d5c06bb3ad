// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.commit.Clocks;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.tables.DataType;

/** Encodes and writes one extent at a time. Thread-safe; holds no lock while it writes. */
public final class PieceWriter {
  private static final int SECTOR_SHIFT = 9;
  private static final int LARGEST_CRC_WORDS = 3;

  private final DeviceSet devices;
  private final Clocks clocks;
  private final int blockBytes;
  private final ThreadLocal<ExtentEncoder> encoders;

  /**
   * An extent that is written and that nobody sees yet.
   *
   * @param key at its place in the file, in no snapshot
   * @param allocation to be closed when the key is committed, or given up
   * @param bytes of data that it holds
   * @param degraded whether a device failed, and no other one could do for it
   */
  public record Piece(Bkey key, Allocation allocation, long bytes, boolean degraded) {}

  /** Where pieces go. */
  @FunctionalInterface
  public interface Space {
    /**
     * Gives room.
     *
     * @param sectors at most
     * @param without devices that failed or have a copy already; empty for the first attempt, and
     *     what is given is as long as was asked for in all others
     * @param copies how many copies are there already
     * @return null if there is none
     */
    Allocation allocate(int sectors, Set<Integer> without, int copies);
  }

  /**
   * @param key null where nothing is encrypted
   */
  public PieceWriter(DeviceSet devices, Clocks clocks, FilesystemKey key, int blockBytes) {
    this.devices = devices;
    this.clocks = clocks;
    this.blockBytes = blockBytes;
    this.encoders = ThreadLocal.withInitial(() -> new ExtentEncoder(key, blockBytes));
  }

  /**
   * Writes as much of the data as goes into one extent. What a device does not take goes to others,
   * as far as there are any; as long as one copy is written it is a copy less.
   *
   * @param start first sector in the file
   * @param data native memory, a multiple of the block size
   * @return null if there is no room
   * @throws PosixException EIO if no device takes it
   */
  public Piece write(DataOptions options, long inode, long start, MemorySegment data, Space space) {
    long bytes = data.byteSize();
    if (options.isEncoded()) {
      bytes = Math.min(bytes, (long) options.encodedSectors() << SECTOR_SHIFT);
    }
    bytes = Math.min(bytes, Integer.MAX_VALUE & -blockBytes);
    ExtentEncoder encoder = encoders.get();
    encoder.begin(options, data.asSlice(0, bytes));
    Allocation allocation = space.allocate(encoder.outBytes() >> SECTOR_SHIFT, Set.of(), 0);
    if (allocation == null) {
      return null;
    }
    boolean done = false;
    try {
      bytes = fit(encoder, options, data, bytes, (long) allocation.sectors() << SECTOR_SHIFT);
      long version = options.checksum().isMac() ? clocks.nextKeyVersion() : 0;
      MemorySegment stored = encoder.finish(options, version);
      int wanted = allocation.places().size();
      allocation = store(allocation, stored, space);
      boolean degraded = allocation.places().size() < wanted;
      Bkey key = new Bkey().setPos(inode, start + (bytes >> SECTOR_SHIFT), 0);
      key.setSize((int) (bytes >> SECTOR_SHIFT));
      key.setVersion(0, version).setType(KeyType.EXTENT.number());
      done = true;
      Bkey extent = withPointers(key, encoder.crc(), allocation);
      return new Piece(extent, allocation, bytes, degraded);
    } finally {
      if (!done) {
        allocation.close();
      }
    }
  }

  /** Writes all copies; what was written, elsewhere where a device failed. */
  private Allocation store(Allocation first, MemorySegment stored, Space space) {
    Set<Integer> without = new HashSet<>();
    List<Allocation.Place> good = new ArrayList<>();
    DeviceException failure = storeAt(first.places(), stored, good, without);
    if (failure == null) {
      if (good.size() == 1) {
        devices.health().wroteAlone(good.getFirst().device());
      }
      return first;
    }
    Allocation held = first;
    boolean done = false;
    try {
      while (failure != null) {
        Allocation more = more(space, (int) (stored.byteSize() >> SECTOR_SHIFT), without, good);
        if (more == null) {
          break;
        }
        held = held.with(more, good);
        failure = storeAt(more.places(), stored, good, without);
      }
      if (good.isEmpty()) {
        throw new PosixException(PosixError.EIO, "no device takes the data: " + failure.sentence());
      }
      if (good.size() == 1) {
        devices.health().wroteAlone(good.getFirst().device());
      }
      done = true;
      return held.at(good);
    } finally {
      if (!done) {
        held.close();
      }
    }
  }

  /** Room for the copies that are missing; null if there is none, which is no reason to fail. */
  private static Allocation more(
      Space space, int sectors, Set<Integer> without, List<Allocation.Place> good) {
    try {
      return space.allocate(sectors, without, good.size());
    } catch (PosixException e) {
      if (e.error() != PosixError.ENOSPC) {
        throw e;
      }
      return null;
    }
  }

  private DeviceException storeAt(
      List<Allocation.Place> places,
      MemorySegment stored,
      List<Allocation.Place> good,
      Set<Integer> tried) {
    DeviceException failure = null;
    for (Allocation.Place place : places) {
      tried.add(place.device());
      try {
        devices.write(place.device(), place.sector(), stored);
        devices.activity().wrote(DataType.USER, place.device(), stored.byteSize());
        good.add(place);
      } catch (DeviceException e) {
        failure = e;
      }
    }
    return failure;
  }

  /** Takes less data, as long as what is encoded is larger than the room for it. */
  private long fit(
      ExtentEncoder encoder, DataOptions options, MemorySegment data, long most, long room) {
    long bytes = most;
    while (encoder.outBytes() > room) {
      if (encoder.isCompressed()) {
        long fewer = (bytes * room / encoder.outBytes()) & -blockBytes;
        bytes = Math.max(blockBytes, Math.min(fewer, bytes - blockBytes));
        encoder.begin(options, data.asSlice(0, bytes));
      } else {
        bytes = room;
        encoder.shorten((int) bytes);
      }
    }
    return bytes;
  }

  /** An extent that was never written. */
  static Bkey unwritten(long inode, long start, int sectors, Allocation allocation) {
    MemorySegment value = MemorySegment.ofArray(new long[allocation.places().size()]);
    int at = 0;
    for (Allocation.Place place : allocation.places()) {
      long word = ExtentPtr.pack(place.device(), place.sector(), place.generation(), false, true);
      Le.putU64(value, at, word);
      at += ExtentPtr.BYTES;
    }
    return new Bkey()
        .setPos(inode, start + sectors, 0)
        .setSize(sectors)
        .setType(KeyType.EXTENT.number())
        .setValue(value, 0, at);
  }

  private static Bkey withPointers(Bkey key, ExtentCrc crc, Allocation allocation) {
    int words = LARGEST_CRC_WORDS + allocation.places().size();
    MemorySegment value = MemorySegment.ofArray(new long[words]);
    int at =
        crc.isEncoded() || crc.compressionType() != 0 ? crc.pack(crc.smallestEntry(), value, 0) : 0;
    for (Allocation.Place place : allocation.places()) {
      long word = ExtentPtr.pack(place.device(), place.sector(), place.generation(), false, false);
      Le.putU64(value, at, word);
      at += ExtentPtr.BYTES;
    }
    return key.setValue(value, 0, at);
  }
}
