// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.cli.files.ReadableRanges;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Copies what a file holds: data as data, holes as holes, what cannot be read as holes too, and
 * tells which those are. Belongs to one thread.
 */
final class FileContents {
  private static final int BUFFER_BYTES = 1 << 20;

  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, 4096);
  private final FileData data;

  FileContents(FileData data) {
    this.data = data;
  }

  /**
   * What came of it.
   *
   * @param bytes of data written
   * @param lost ranges left out
   * @param reason why the last of them could not be read; null if none
   */
  record Result(long bytes, LostRanges lost, BcachefsException reason) {}

  /** Copies the file and gives the copy its size. */
  Result copy(FileId file, Attributes attributes, Destination.Sink sink)
      throws DestinationException {
    Copy copy = new Copy(file, attributes.size(), sink);
    copy.all();
    return new Result(copy.bytes, copy.lost, copy.reason);
  }

  private final class Copy {
    private final FileId file;
    private final long size;
    private final Destination.Sink sink;
    private final ReadableRanges ranges;
    private final LostRanges lost = new LostRanges();
    private BcachefsException reason;
    private long bytes;
    private long written;
    private boolean sized;

    Copy(FileId file, long size, Destination.Sink sink) {
      this.file = file;
      this.size = size;
      this.sink = sink;
      this.ranges = new ReadableRanges(data, file);
    }

    void all() throws DestinationException {
      long at = 0;
      while (at >= 0 && at < size) {
        at = segment(at);
      }
      setSize();
    }

    /**
     * Before the first write of a file with holes: filesystems that allocate ahead of the end of a
     * growing file would make data of its holes.
     */
    private void setSize() throws DestinationException {
      if (written < size && !sized) {
        sink.setSize(size);
        sized = true;
      }
    }

    /** Copies the next run of data; returns where to go on, -1 at the end. */
    private long segment(long at) throws DestinationException {
      long start;
      long end;
      try {
        start = data.nextData(file, at);
        if (start < 0 || start >= size) {
          return -1;
        }
        end = data.nextHole(file, start);
      } catch (BcachefsException e) {
        reason = e;
        return piece(at, size);
      }
      end = end < 0 ? size : Math.min(end, size);
      if (start > 0 || end < size) {
        setSize();
      }
      long next = start;
      while (next < end) {
        next = piece(next, end);
      }
      return next;
    }

    /** Copies one buffer's worth, or steps over what cannot be read; returns where to go on. */
    private long piece(long at, long end) throws DestinationException {
      MemorySegment into = buffer.asSlice(0, Math.min(BUFFER_BYTES, end - at));
      int length = ranges.read(at, into);
      if (length < 0) {
        reason = ranges.lastError();
        long until = ranges.lostUntil(at, end, buffer);
        lost.add(at, until);
        setSize();
        return until;
      }
      if (length == 0) {
        return end;
      }
      sink.write(at, buffer.asSlice(0, length));
      bytes += length;
      written = at + length;
      return written;
    }
  }
}
