// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Writes data to fresh sectors. Thread-safe: threads encode and write side by side, nothing of it
 * under any lock.
 */
public final class DataWriter implements AutoCloseable {
  private static final int SECTOR_SHIFT = 9;

  /** No bucket is larger. */
  private static final int RESERVED_MOST = 1 << 22;

  /** Streams that may be written at once, each into buckets of its own. */
  private static final int WRITE_POINTS = 8;

  private final WritableFilesystem filesystem;
  private final PieceWriter pieces;
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
    this.pieces =
        new PieceWriter(
            filesystem.devices(),
            filesystem.clocks(),
            filesystem.key().orElse(null),
            filesystem.superblock().blockBytes());
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

  /**
   * Takes room for data that is written later: extents that were never written.
   *
   * @param inode whose room it is
   * @param start first sector in the file
   * @param most extents; with more of them they end before all of it
   * @throws PosixException ENOSPC if there is no room for all of that
   */
  public Written reserve(DataOptions options, long inode, long start, long sectors, int most) {
    Written written = new Written();
    boolean done = false;
    try {
      long at = 0;
      while (at < sectors && written.keys.size() < most) {
        int wanted = (int) Math.min(sectors - at, RESERVED_MOST);
        Allocation allocation = allocate(options, inode, wanted, Set.of(), 0);
        written.allocations.add(allocation);
        int had = Math.min(wanted, allocation.sectors());
        written.keys.add(PieceWriter.unwritten(inode, start + at, had, allocation));
        at += had;
      }
      done = true;
      return written;
    } finally {
      if (!done) {
        written.close();
      }
    }
  }

  private void announce(DataOptions options) {
    options.features().forEach(filesystem::require);
  }

  /** Writes one extent; how many bytes of the data it holds. */
  private long piece(
      DataOptions options, long inode, long start, MemorySegment data, long at, Written written) {
    PieceWriter.Piece piece =
        pieces.write(
            options,
            inode,
            start + (at >> SECTOR_SHIFT),
            data.asSlice(at),
            (sectors, without, copies) -> allocate(options, inode, sectors, without, copies));
    written.allocations.add(piece.allocation());
    written.keys.add(piece.key());
    filesystem.devices().activity().addBytes(PersistentCounter.DATA_WRITE, piece.bytes());
    return piece.bytes();
  }

  /** On the members of the target as long as they have room, and on others for the rest. */
  private Allocation allocate(
      DataOptions options, long inode, int sectors, Set<Integer> without, int copies) {
    int wanted = options.replicas() - copies;
    if (wanted <= 0) {
      return null;
    }
    WritePoint point = points.get((int) Long.remainderUnsigned(inode, WRITE_POINTS));
    SpaceAllocator.Request request =
        new SpaceAllocator.Request(
            sectors,
            !without.isEmpty(),
            wanted,
            1,
            device -> !without.contains(device),
            TargetMembers.of(filesystem.superblock(), options.target()),
            Watermark.NORMAL);
    return copies > 0
        ? filesystem.space().allocateFromFree(point, request)
        : filesystem.space().allocate(point, request);
  }

  /** Lets go of the buckets that are being filled. */
  @Override
  public void close() {
    points.forEach(filesystem.space()::close);
  }
}
