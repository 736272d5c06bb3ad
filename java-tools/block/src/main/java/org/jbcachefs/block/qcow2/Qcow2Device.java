// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/**
 * An image as a device that can only be read. Versions 2 and 3 without backing file, encryption,
 * snapshots to choose from or incompatible features; compressed clusters (deflate) are read too.
 * Whatever an image says, memory is bounded: its first table, and a few of the second level.
 */
public final class Qcow2Device implements BlockDevice {
  private static final int SECTOR = 512;
  private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
  private static final long COMPRESSED = 1L << 62;
  private static final long ZERO = 1;
  private static final int COMPRESSED_SHIFT = 62;
  private static final int TABLES_KEPT = 16;

  private final BlockDevice file;
  private final Qcow2Header header;
  private final ByteBuffer l1;
  private final Map<Integer, ByteBuffer> tables =
      new LinkedHashMap<>(TABLES_KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, ByteBuffer> eldest) {
          return size() > TABLES_KEPT;
        }
      };

  private long unpackedCluster = -1;
  private byte[] unpacked = new byte[0];

  /**
   * Opens an image.
   *
   * @param file is closed with this device
   * @throws RefusedException {@code bad_qcow2} if it is none, or needs what is not known
   */
  public Qcow2Device(BlockDevice file) {
    this.file = file;
    ByteBuffer start = ByteBuffer.allocate(Qcow2Header.BYTES_V3);
    int there = (int) Math.min(file.size(), Qcow2Header.BYTES_V3);
    if (there < Qcow2Header.BYTES_V2) {
      throw Qcow2Header.bad(place(-1), "it is too short for a qcow2 image");
    }
    file.read(0, MemorySegment.ofBuffer(start).asSlice(0, there));
    this.header = Qcow2Header.parse(start, place(-1));
    this.l1 = table(header.l1Offset(), (long) header.l1Entries() * Long.BYTES);
  }

  private Place place(long at) {
    return Place.device(file.name(), at);
  }

  private ByteBuffer table(long at, long bytes) {
    if (at < 0 || bytes > file.size() || at > file.size() - bytes) {
      throw Qcow2Header.bad(place(at), "a table of " + bytes + " bytes lies behind its end");
    }
    ByteBuffer table = ByteBuffer.allocate(Math.toIntExact(bytes));
    file.read(at, MemorySegment.ofBuffer(table));
    return table;
  }

  /** The entry of a cluster in the table of the second level; 0 if there is no such table. */
  private synchronized long entry(long cluster) {
    int index = (int) (cluster >>> header.l2Bits());
    long at = l1.getLong(index * Long.BYTES) & OFFSET_MASK;
    if (at == 0) {
      return 0;
    }
    ByteBuffer l2 = tables.computeIfAbsent(index, _ -> table(at, header.clusterBytes()));
    int in = (int) (cluster & (1L << header.l2Bits()) - 1);
    long entry = l2.getLong(in * Long.BYTES);
    return (entry & COMPRESSED) == 0 && header.version() > 2 && (entry & ZERO) != 0 ? 0 : entry;
  }

  /**
   * The first byte at or behind an offset that the image holds; {@link #size} if it holds no more.
   */
  public long nextHeld(long offset) {
    long cluster = offset >>> header.clusterBits();
    long end = (size() + header.clusterBytes() - 1) >>> header.clusterBits();
    while (cluster < end) {
      int index = (int) (cluster >>> header.l2Bits());
      if ((l1.getLong(index * Long.BYTES) & OFFSET_MASK) == 0) {
        cluster = (index + 1L) << header.l2Bits();
      } else if (entry(cluster) == 0) {
        cluster++;
      } else {
        return Math.max(offset, cluster << header.clusterBits());
      }
    }
    return size();
  }

  /** Bytes of a cluster. */
  public int clusterBytes() {
    return header.clusterBytes();
  }

  @Override
  public void read(long offset, MemorySegment into) {
    if (offset < 0 || into.byteSize() > size() - offset) {
      throw new DeviceException(
          place(offset), "reading " + into.byteSize() + " bytes beyond the end, " + size(), null);
    }
    long done = 0;
    while (done < into.byteSize()) {
      long at = offset + done;
      int in = (int) (at & header.clusterBytes() - 1);
      long length = Math.min(header.clusterBytes() - in, into.byteSize() - done);
      cluster(at >>> header.clusterBits(), in, into.asSlice(done, length));
      done += length;
    }
  }

  private void cluster(long cluster, int in, MemorySegment into) {
    long entry = entry(cluster);
    if (entry == 0) {
      into.fill((byte) 0);
    } else if ((entry & COMPRESSED) != 0) {
      compressed(cluster, entry, in, into);
    } else {
      long at = (entry & OFFSET_MASK) + in;
      if (at > file.size() - into.byteSize()) {
        throw Qcow2Header.bad(place(at), "a cluster lies behind its end");
      }
      file.read(at, into);
    }
  }

  private synchronized void compressed(long cluster, long entry, int in, MemorySegment into) {
    if (unpackedCluster != cluster) {
      int offsetBits = COMPRESSED_SHIFT - (header.clusterBits() - 8);
      long at = entry & (1L << offsetBits) - 1;
      long sectors = (entry & COMPRESSED - 1) >>> offsetBits;
      long end = Math.min(file.size(), (at / SECTOR + sectors + 1) * SECTOR);
      unpacked = inflated(at, table(at, Math.max(0, end - at)).array());
      unpackedCluster = cluster;
    }
    MemorySegment.copy(MemorySegment.ofArray(unpacked), in, into, 0, into.byteSize());
  }

  private byte[] inflated(long at, byte[] packed) {
    byte[] plain = new byte[header.clusterBytes()];
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(packed);
      if (inflater.inflate(plain) == plain.length) {
        return plain;
      }
    } catch (DataFormatException e) {
      throw new DeviceException(place(at), "a compressed cluster is damaged", e);
    }
    throw new DeviceException(place(at), "a compressed cluster is too short", null);
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long size() {
    return header.size();
  }

  @Override
  public int blockSize() {
    return SECTOR;
  }

  @Override
  public boolean readOnly() {
    return true;
  }

  @Override
  public void write(long offset, MemorySegment from) {
    throw readOnly(offset);
  }

  @Override
  public void flush() {}

  @Override
  public void discard(long offset, long length) {
    throw readOnly(offset);
  }

  @Override
  public void writeZeroes(long offset, long length) {
    throw readOnly(offset);
  }

  private DeviceException readOnly(long offset) {
    return new DeviceException(place(offset), "qcow2 images can only be read", null);
  }

  @Override
  public void close() {
    file.close();
  }
}
