// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jbcachefs.cli.testing.MemoryTree;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;

final class ReadableRangesTest {
  private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 20);

  @Test
  void aReadStopsExactlyWhereTheLostRangeBegins() {
    MemoryTree tree = new MemoryTree();
    MemoryTree.Node file = tree.file("").data(0, new byte[100_000]).lose(70_144, 80_384);
    ReadableRanges ranges = new ReadableRanges(tree, file.id());
    long at = 0;
    int length = ranges.read(at, buffer);
    while (length > 0) {
      at += length;
      length = ranges.read(at, buffer);
    }
    assertEquals(-1, length);
    assertEquals(70_144, at);
    assertEquals(80_384, ranges.lostUntil(at, 100_000, buffer));
    assertEquals(100_000 - 80_384, ranges.read(80_384, buffer));
    assertEquals(0, ranges.read(100_000, buffer));
  }

  /** A file of which everything from one byte up to another is lost. */
  private record Hole(long from, long to, long size, AtomicInteger reads) implements FileData {
    @Override
    public int read(FileId file, long offset, MemorySegment into) {
      reads.incrementAndGet();
      if (offset < to && offset + into.byteSize() > from) {
        throw new LostDataException(Place.NOWHERE, "lost");
      }
      return (int) Math.min(into.byteSize(), size - offset);
    }

    @Override
    public long nextData(FileId file, long offset) {
      return offset;
    }

    @Override
    public long nextHole(FileId file, long offset) {
      return size;
    }
  }

  @Test
  void aLostTerabyteTakesSomeThousandProbes() {
    long size = 3L << 40;
    Hole hole = new Hole(4096, (2L << 40) + 1536, size, new AtomicInteger());
    ReadableRanges ranges = new ReadableRanges(hole, new FileId(1, -1, 1));
    assertEquals(hole.to, ranges.lostUntil(4096, size, buffer));
    assertTrue(hole.reads.get() < 5000, () -> hole.reads + " probes");
  }

  @Test
  void whatIsLostToTheEndEndsThere() {
    Hole hole = new Hole(512, 1000, 1000, new AtomicInteger());
    ReadableRanges ranges = new ReadableRanges(hole, new FileId(1, -1, 1));
    assertEquals(1000, ranges.lostUntil(512, 1000, buffer));
  }
}
