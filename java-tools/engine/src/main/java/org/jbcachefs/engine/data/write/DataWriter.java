// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;

/**
 * Writes data to fresh sectors. Thread-safe: threads encode and write side by side, nothing of it
 * under any lock.
 */
public final class DataWriter implements AutoCloseable {
  private static final int SECTOR_SHIFT = 9;
  private static final int LARGEST_CRC_WORDS = 3;

  /** Streams that may be written at once, each into buckets of its own. */
  private static final int WRITE_POINTS = 8;

  private final WritableFilesystem filesystem;
  private final int blockBytes;
  private final ThreadLocal<ExtentEncoder> encoders;
  private final List<WritePoint> points = new ArrayList<>();

  /**
   * Extents that are written and that nobody sees yet. To be closed when their keys are committed,
   * or given up.
   */
  public static final class Written implements AutoCloseable {
    private final List<Bkey> keys = new ArrayList<>();
    private final List<Allocation> allocations = new ArrayList<>();

    /** The extents, one behind the other; inode and snapshot are those that come with the key. */
    public List<Bkey> keys() {
      return keys;
    }

    @Override
    public void close() {
      allocations.forEach(Allocation::close);
    }
  }

  public DataWriter(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.blockBytes = filesystem.superblock().blockBytes();
    this.encoders =
        ThreadLocal.withInitial(() -> new ExtentEncoder(filesystem.key().orElse(null), blockBytes));
    for (int i = 0; i < WRITE_POINTS; i++) {
      points.add(new WritePoint(DataType.USER));
    }
  }

  /**
   * Writes whole blocks.
   *
   * @param inode whose data it is
   * @param start first sector in the file
   * @param data native memory, a multiple of the block size
   * @throws PosixException ENOSPC if there is no room for all of it; nothing is written then
   */
  public Written write(DataOptions options, long inode, long start, MemorySegment data) {
    announce(options);
    Written written = new Written();
    boolean done = false;
    try {
      long at = 0;
      while (at < data.byteSize()) {
        at += piece(options, inode, start, data, at, written);
      }
      filesystem.clocks().addWrite(data.byteSize() >> SECTOR_SHIFT);
      done = true;
      return written;
    } finally {
      if (!done) {
        written.close();
      }
    }
  }

  private void announce(DataOptions options) {
    switch (options.compression()) {
      case LZ4 -> filesystem.require(Feature.LZ4);
      case GZIP -> filesystem.require(Feature.GZIP);
      case ZSTD -> filesystem.require(Feature.ZSTD);
      case NONE, LZ4_OLD, INCOMPRESSIBLE -> {}
    }
    if (options.compression() != CompressionType.NONE) {
      filesystem.require(Feature.INCOMPRESSIBLE);
    }
  }

  /** Writes one extent; how many bytes of the data it holds. */
  private long piece(
      DataOptions options, long inode, long start, MemorySegment data, long at, Written written) {
    long bytes = data.byteSize() - at;
    if (options.isEncoded()) {
      bytes = Math.min(bytes, (long) options.encodedSectors() << SECTOR_SHIFT);
    }
    bytes = Math.min(bytes, Integer.MAX_VALUE & -blockBytes);
    ExtentEncoder encoder = encoders.get();
    encoder.begin(options, data.asSlice(at, bytes));
    Allocation allocation = allocate(options, inode, encoder.outBytes() >> SECTOR_SHIFT);
    written.allocations.add(allocation);
    long room = (long) allocation.sectors() << SECTOR_SHIFT;
    while (encoder.outBytes() > room) {
      if (encoder.isCompressed()) {
        long fewer = (bytes * room / encoder.outBytes()) & -blockBytes;
        bytes = Math.max(blockBytes, Math.min(fewer, bytes - blockBytes));
        encoder.begin(options, data.asSlice(at, bytes));
      } else {
        bytes = room;
        encoder.shorten((int) bytes);
      }
    }
    long version = options.checksum().isMac() ? filesystem.clocks().nextKeyVersion() : 0;
    MemorySegment stored = encoder.finish(options, version);
    for (Allocation.Place place : allocation.places()) {
      filesystem.devices().write(place.device(), place.sector(), stored);
    }
    long end = start + ((at + bytes) >> SECTOR_SHIFT);
    Bkey key = new Bkey().setPos(inode, end, 0).setSize((int) (bytes >> SECTOR_SHIFT));
    key.setVersion(0, version).setType(KeyType.EXTENT.number());
    written.keys.add(withPointers(key, encoder.crc(), allocation));
    return bytes;
  }

  /** On the members of the target as long as they have room, and on others for the rest. */
  private Allocation allocate(DataOptions options, long inode, int sectors) {
    WritePoint point = points.get((int) Long.remainderUnsigned(inode, WRITE_POINTS));
    SpaceAllocator.Request request =
        new SpaceAllocator.Request(
            sectors,
            false,
            options.replicas(),
            1,
            _ -> true,
            TargetMembers.of(filesystem.superblock(), options.target()),
            Watermark.NORMAL);
    return filesystem.space().allocate(point, request);
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

  /** Lets go of the buckets that are being filled. */
  @Override
  public void close() {
    points.forEach(filesystem.space()::close);
  }
}
