// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.qcow2;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * Writes an image of version 3 from front to back: pieces are given in ascending order, everything
 * between them is zeros and takes no space. Memory: two clusters and the first table. Not
 * thread-safe.
 *
 * <p>An image that was not finished has no header and is none.
 */
public final class Qcow2Writer implements AutoCloseable {
  private static final int CLUSTER_BITS = 16;
  private static final int CLUSTER = 1 << CLUSTER_BITS;
  private static final int L2_ENTRIES = CLUSTER / Long.BYTES;

  /** In entries of both tables: the cluster is used once. */
  private static final long COPIED = 1L << 63;

  private static final int REFCOUNT_ORDER = 4;
  private static final int REFCOUNTS = CLUSTER / Short.BYTES;
  private static final int SECTOR = 512;

  private final String name;
  private final FileChannel file;
  private final long size;
  private final ByteBuffer cluster = ByteBuffer.allocate(CLUSTER);
  private final ByteBuffer l2 = ByteBuffer.allocate(CLUSTER);
  private final long[] l1;
  private long open = -1;
  private long openL1 = -1;
  private long written;

  /** The next free cluster of the file; the header is in the first. */
  private long next = 1;

  /**
   * Makes a new file.
   *
   * @param size of the device, in bytes; rounded up to whole sectors
   * @param overwrite whether an existing file is replaced, else it is a DeviceException
   */
  public Qcow2Writer(Path path, long size, boolean overwrite) {
    this.name = path.toString();
    this.size = (size + SECTOR - 1) / SECTOR * SECTOR;
    this.l1 = new long[Math.toIntExact(Qcow2Header.l1EntriesFor(this.size, CLUSTER_BITS))];
    Set<OpenOption> how =
        overwrite
            ? Set.of(
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING)
            : Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    try {
      this.file = FileChannel.open(path, how);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private DeviceException failed(IOException e) {
    return new DeviceException(
        Place.device(name, -1), "cannot be written: " + e.getClass().getSimpleName(), e);
  }

  /**
   * Adds a piece of the device.
   *
   * @param offset not less than the end of the piece before
   */
  public void write(long offset, MemorySegment bytes) {
    if (offset < written || offset + bytes.byteSize() > size) {
      throw new IllegalArgumentException(offset + " after " + written + ", in " + size);
    }
    long from = 0;
    while (from < bytes.byteSize()) {
      long at = offset + from;
      long index = at >>> CLUSTER_BITS;
      if (index != open) {
        flushCluster();
        open = index;
      }
      int in = (int) (at & CLUSTER - 1);
      int length = (int) Math.min(CLUSTER - in, bytes.byteSize() - from);
      MemorySegment.copy(bytes, from, MemorySegment.ofBuffer(cluster.clear()), in, length);
      from += length;
    }
    written = offset + bytes.byteSize();
  }

  private void flushCluster() {
    if (open >= 0 && MemorySegment.ofBuffer(cluster.clear()).mismatch(ZEROS) >= 0) {
      long index = open / L2_ENTRIES;
      if (index != openL1) {
        flushL2();
        openL1 = index;
      }
      l2.putLong((int) (open % L2_ENTRIES) * Long.BYTES, append(cluster) | COPIED);
      clear(cluster);
    }
    open = -1;
  }

  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[CLUSTER]);

  private void flushL2() {
    if (openL1 >= 0) {
      l1[(int) openL1] = append(l2) | COPIED;
      clear(l2);
    }
    openL1 = -1;
  }

  private static void clear(ByteBuffer buffer) {
    MemorySegment.ofBuffer(buffer.clear()).fill((byte) 0);
  }

  /** Writes whole clusters to the end of the file; returns where. */
  private long append(ByteBuffer bytes) {
    long at = next << CLUSTER_BITS;
    put(at, bytes.clear());
    next += bytes.capacity() >>> CLUSTER_BITS;
    return at;
  }

  private void put(long at, ByteBuffer bytes) {
    try {
      long to = at;
      while (bytes.hasRemaining()) {
        to += file.write(bytes, to);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Writes what makes the file an image; nothing can be added afterwards. */
  public void finish() {
    flushCluster();
    flushL2();
    ByteBuffer first = clusters(Math.max(1, (long) l1.length * Long.BYTES));
    for (long entry : l1) {
      first.putLong(entry);
    }
    long l1Offset = append(first);
    long table = refcounts();
    ByteBuffer header = ByteBuffer.allocate(CLUSTER);
    header.putInt(0, Qcow2Header.MAGIC);
    header.putInt(Qcow2Header.OFFSET_VERSION, 3);
    header.putInt(Qcow2Header.OFFSET_CLUSTER_BITS, CLUSTER_BITS);
    header.putLong(Qcow2Header.OFFSET_SIZE, size);
    header.putInt(Qcow2Header.OFFSET_L1_SIZE, l1.length);
    header.putLong(Qcow2Header.OFFSET_L1_TABLE, l1Offset);
    header.putLong(Qcow2Header.OFFSET_REFCOUNT_TABLE, table);
    header.putInt(Qcow2Header.OFFSET_REFCOUNT_CLUSTERS, (int) (next - (table >>> CLUSTER_BITS)));
    header.putInt(Qcow2Header.OFFSET_REFCOUNT_ORDER, REFCOUNT_ORDER);
    header.putInt(Qcow2Header.OFFSET_HEADER_LENGTH, Qcow2Header.BYTES_V3);
    put(0, header);
    try {
      file.force(true);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static ByteBuffer clusters(long bytes) {
    long rounded = (bytes + CLUSTER - 1) / CLUSTER * CLUSTER;
    return ByteBuffer.allocate(Math.toIntExact(rounded));
  }

  /** Counts every cluster of the file once, its own tables included; returns where the table is. */
  private long refcounts() {
    long blocks = 0;
    long tables = 0;
    while (true) {
      long all = next + blocks + tables;
      long neededBlocks = (all + REFCOUNTS - 1) / REFCOUNTS;
      long neededTables = (neededBlocks * Long.BYTES + CLUSTER - 1) / CLUSTER;
      if (neededBlocks == blocks && neededTables == tables) {
        break;
      }
      blocks = neededBlocks;
      tables = neededTables;
    }
    long all = next + blocks + tables;
    ByteBuffer table = clusters(tables * CLUSTER);
    ByteBuffer block = ByteBuffer.allocate(CLUSTER);
    for (long i = 0; i < blocks; i++) {
      clear(block);
      for (int k = 0; k < REFCOUNTS && i * REFCOUNTS + k < all; k++) {
        block.putShort(k * Short.BYTES, (short) 1);
      }
      table.putLong(append(block));
    }
    return append(table);
  }

  /** How long the file is so far, in bytes. */
  public long fileBytes() {
    return next << CLUSTER_BITS;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
