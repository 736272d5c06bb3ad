// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.undo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.sb.Member;

/**
 * Keeps everything that is overwritten on devices: {@link #devices} are to be written to instead.
 * What a write replaces is in the file, durable, before the write begins; discards are not passed
 * on, since what they destroy would have to be kept as well. Thread-safe.
 */
public final class UndoRecording implements AutoCloseable {
  private static final int PAGE = 4096;

  private final FileChannel file;
  private final List<BlockDevice> devices = new ArrayList<>();
  private long at;

  /**
   * Begins a file, which must not be there yet.
   *
   * @param members of one filesystem
   */
  public UndoRecording(Path path, List<BlockDevice> members) throws IOException {
    DeviceSet set = DeviceSetAssembly.assemble(members);
    UUID filesystem = set.superblock().userUuid();
    ByteBuffer table = UndoFormat.buffer(members.size() * UndoFormat.DEVICE_BYTES);
    for (BlockDevice device : members) {
      put(table, filesystem);
      put(table, memberUuid(set, device));
      table.putLong(device.size());
    }
    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    ByteBuffer header = UndoFormat.buffer(UndoFormat.HEADER_BYTES);
    header.putLong(UndoFormat.MAGIC).putInt(members.size());
    header.putInt(UndoFormat.checksum(table));
    append(header.flip());
    append(table.flip());
    file.force(true);
    for (int index = 0; index < members.size(); index++) {
      devices.add(new RecordedDevice(members.get(index), index));
    }
  }

  private static void put(ByteBuffer table, UUID uuid) {
    table.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
  }

  /** Zero of a device that is no member: nothing is ever written to it. */
  static UUID memberUuid(DeviceSet set, BlockDevice device) {
    for (int index = 0; index < set.size(); index++) {
      Member member = set.member(index);
      if (member != null && device.equals(set.device(index))) {
        return member.uuid();
      }
    }
    return new UUID(0, 0);
  }

  /** The same devices, everything written to them kept first; closing one does nothing. */
  public List<BlockDevice> devices() {
    return List.copyOf(devices);
  }

  private void append(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      at += file.write(bytes, at);
    }
  }

  private synchronized void keep(int index, long offset, byte[] data) {
    try {
      ByteBuffer head = UndoFormat.buffer(UndoFormat.RECORD_BYTES);
      head.putInt(index).putInt(data.length).putLong(offset);
      head.putInt(UndoFormat.checksum(index, offset, data, data.length)).putInt(0);
      append(head.flip());
      append(ByteBuffer.wrap(data));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void force() {
    try {
      file.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file is complete; the devices stay open. */
  @Override
  public void close() throws IOException {
    file.force(true);
    file.close();
  }

  private final class RecordedDevice extends LentDevice {
    private final int index;
    private final Set<Long> kept = new HashSet<>();

    private RecordedDevice(BlockDevice device, int index) {
      super(device);
      this.index = index;
    }

    /** Keeps what was not kept yet of a range; a page is kept as a whole. */
    private synchronized void keepRange(long offset, long length) {
      long end = (Math.min(offset + length, size()) + PAGE - 1) / PAGE;
      boolean more = false;
      long page = offset / PAGE;
      while (page < end) {
        long until = page;
        while (until < end
            && !kept.contains(until)
            && (until - page) * PAGE < UndoFormat.MOST_DATA_BYTES) {
          until++;
        }
        if (until == page) {
          page++;
          continue;
        }
        long from = page * PAGE;
        byte[] data = new byte[(int) (Math.min(until * PAGE, size()) - from)];
        read(from, MemorySegment.ofArray(data));
        keep(index, from, data);
        for (; page < until; page++) {
          kept.add(page);
        }
        more = true;
      }
      if (more) {
        force();
      }
    }

    @Override
    public void write(long offset, MemorySegment from) {
      keepRange(offset, from.byteSize());
      super.write(offset, from);
    }

    @Override
    public void write(long offset, MemorySegment from, int flags) {
      keepRange(offset, from.byteSize());
      super.write(offset, from, flags);
    }

    @Override
    public void discard(long offset, long length) {
      // What is discarded would be lost, and nothing needs the discard.
    }

    @Override
    public void writeZeroes(long offset, long length) {
      keepRange(offset, length);
      super.writeZeroes(offset, length);
    }
  }
}
