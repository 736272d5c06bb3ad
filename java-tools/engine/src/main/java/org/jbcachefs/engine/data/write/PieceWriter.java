// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.commit.Clocks;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentPtr;

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
   */
  public record Piece(Bkey key, Allocation allocation, long bytes) {}

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
   * Writes as much of the data as goes into one extent.
   *
   * @param start first sector in the file
   * @param data native memory, a multiple of the block size
   * @param space gives room for that many sectors, or fewer; null if there is none
   * @return null if there is no room
   */
  public Piece write(
      DataOptions options,
      long inode,
      long start,
      MemorySegment data,
      Function<Integer, Allocation> space) {
    long bytes = data.byteSize();
    if (options.isEncoded()) {
      bytes = Math.min(bytes, (long) options.encodedSectors() << SECTOR_SHIFT);
    }
    bytes = Math.min(bytes, Integer.MAX_VALUE & -blockBytes);
    ExtentEncoder encoder = encoders.get();
    encoder.begin(options, data.asSlice(0, bytes));
    Allocation allocation = space.apply(encoder.outBytes() >> SECTOR_SHIFT);
    if (allocation == null) {
      return null;
    }
    boolean done = false;
    try {
      bytes = fit(encoder, options, data, bytes, (long) allocation.sectors() << SECTOR_SHIFT);
      long version = options.checksum().isMac() ? clocks.nextKeyVersion() : 0;
      MemorySegment stored = encoder.finish(options, version);
      for (Allocation.Place place : allocation.places()) {
        devices.write(place.device(), place.sector(), stored);
      }
      Bkey key = new Bkey().setPos(inode, start + (bytes >> SECTOR_SHIFT), 0);
      key.setSize((int) (bytes >> SECTOR_SHIFT));
      key.setVersion(0, version).setType(KeyType.EXTENT.number());
      done = true;
      return new Piece(withPointers(key, encoder.crc(), allocation), allocation, bytes);
    } finally {
      if (!done) {
        allocation.close();
      }
    }
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
