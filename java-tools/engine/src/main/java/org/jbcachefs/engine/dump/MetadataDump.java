// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * A filesystem's metadata, device by device. What cannot be read of a device is told and left out.
 * Memory: one number for each node, and the largest of node and journal bucket. Not thread-safe.
 */
public final class MetadataDump {
  private static final long SECTOR = NodeContext.SECTOR_BYTES;

  /** Of a longer bucket only the start is looked at. */
  private static final long BUCKET_LIMIT = 256L << 20;

  private final ReadFilesystem filesystem;
  private final ValueSanitizer sanitizer;
  private final NodePlaces nodes;
  private final long firstSeq;
  private final Consumer<Finding> findings;

  /** Takes a piece of a device; offsets ascend. */
  public interface Sink {
    void piece(long offset, MemorySegment bytes);

    /** How much of the device is done, 0 to 1. */
    void progress(double fraction);
  }

  /**
   * What a device has.
   *
   * @param nodes btree nodes
   * @param entries journal entries
   * @param bytes of all pieces
   */
  public record Totals(long nodes, long entries, long bytes) {}

  /**
   * Looks for the nodes, which reads all those that point to others.
   *
   * @param allJournal whether journal entries are taken that are not needed any more
   * @param findings told what cannot be read
   */
  public MetadataDump(
      ReadFilesystem filesystem,
      Sanitizing what,
      boolean allJournal,
      int threads,
      Consumer<Finding> findings) {
    this.filesystem = filesystem;
    this.sanitizer = new ValueSanitizer(what);
    this.findings = findings;
    this.nodes = new NodePlaces(filesystem, threads).find();
    this.firstSeq = allJournal ? 0 : firstNeeded(threads);
  }

  private long firstNeeded(int threads) {
    if (filesystem.journal().clean()) {
      return -1;
    }
    try (JournalListing journal =
        new JournalListing(filesystem.devices(), filesystem.key().orElse(null), threads)) {
      return journal.firstDirty();
    }
  }

  /** How many nodes with pointers, or pointers, are lost, so that the devices were scanned. */
  public long lost() {
    return nodes.lost();
  }

  /** Something that is written as one. */
  private record Part(Kind kind, long offset, long length) {}

  private enum Kind {
    SUPERBLOCK,
    JOURNAL,
    NODE
  }

  /** Hands on the metadata of a member that is here. */
  public Totals device(int index, Sink sink) {
    return new OneDevice(index, sink).run();
  }

  private final class OneDevice {
    private final int index;
    private final BlockDevice device;
    private final Sink sink;
    private final NodePieces nodePieces;
    private final JournalPieces journalPieces;
    private long nodeCount;
    private long entryCount;
    private long byteCount;
    private long done;

    OneDevice(int index, Sink sink) {
      this.index = index;
      this.device = filesystem.devices().device(index);
      this.sink = sink;
      this.nodePieces = new NodePieces(filesystem.nodes().context(), sanitizer);
      this.journalPieces =
          new JournalPieces(
              JournalRecovery.format(filesystem.superblock(), filesystem.key().orElse(null)),
              sanitizer,
              firstSeq);
    }

    Totals run() {
      List<Part> parts = parts();
      for (int i = 0; i < parts.size(); i++) {
        part(parts.get(i));
        sink.progress((i + 1.0) / parts.size());
      }
      return new Totals(nodeCount, entryCount, byteCount);
    }

    private List<Part> parts() {
      List<Part> parts = new ArrayList<>();
      Superblock own = filesystem.devices().superblockOf(index);
      parts.add(new Part(Kind.SUPERBLOCK, SuperblockLayout.SECTOR * SECTOR, SECTOR));
      long length = (own.raw().length + SECTOR - 1) / SECTOR * SECTOR;
      for (long sector : own.layout().sectors()) {
        parts.add(new Part(Kind.SUPERBLOCK, sector * SECTOR, length));
      }
      Member member = filesystem.devices().member(index);
      long bucketBytes = member == null ? 0 : member.bucketSectors() * SECTOR;
      for (JournalBuckets.Range range : own.journalBuckets().ranges()) {
        for (long bucket = range.start();
            bucket < range.end() && bucketBytes > 0 && bucket < device.size() / bucketBytes;
            bucket++) {
          parts.add(
              new Part(Kind.JOURNAL, bucket * bucketBytes, Math.min(bucketBytes, BUCKET_LIMIT)));
        }
      }
      int nodeBytes = filesystem.nodes().context().nodeBytes();
      for (long offset : nodes.on(index)) {
        parts.add(new Part(Kind.NODE, offset, nodeBytes));
      }
      parts.sort(Comparator.comparingLong(Part::offset));
      return parts;
    }

    private void part(Part part) {
      long from = Math.max(part.offset, done);
      long to = Math.min(device.size(), part.offset + part.length);
      if ((from != part.offset && part.kind != Kind.SUPERBLOCK) || from >= to) {
        // Overlaps what was handed on: the superblocks say where the journal is, so they win.
        return;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(to - from, 8);
        device.read(from, bytes);
        switch (part.kind) {
          case SUPERBLOCK -> piece(from, bytes);
          case JOURNAL ->
              journalPieces.bucket(
                  bytes,
                  (offset, entry) -> {
                    entryCount++;
                    piece(from + offset, entry);
                  });
          case NODE -> {
            int written = nodePieces.clean(bytes);
            nodeCount += written > 0 ? 1 : 0;
            piece(from, bytes.asSlice(0, written));
          }
        }
      } catch (DeviceException e) {
        findings.accept(Finding.of(e));
      }
    }

    private void piece(long offset, MemorySegment bytes) {
      long skip = Math.max(0, done - offset);
      if (skip < bytes.byteSize()) {
        sink.piece(offset + skip, bytes.asSlice(skip));
        byteCount += bytes.byteSize() - skip;
        done = offset + bytes.byteSize();
      }
    }
  }
}
