// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.undo;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** Puts back what an undo file has kept. May be done again if it was interrupted. */
public final class Undo {
  private final Path path;
  private final List<BlockDevice> devices;

  /**
   * How much was put back.
   *
   * @param cutOff whether the file ends in the middle of a record: of something that was not
   *     overwritten yet
   */
  public record Done(long records, long bytes, boolean cutOff) {}

  private record Recorded(UUID filesystem, UUID member, long size) {}

  /**
   * @param devices all that the file is about, in any order, open for writing
   */
  public Undo(Path path, List<BlockDevice> devices) {
    this.path = path;
    this.devices = List.copyOf(devices);
  }

  /**
   * Does it; every record is checked before anything is written.
   *
   * @throws RefusedException if the file is none of these, or is about other devices
   */
  public Done run() throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      List<BlockDevice> targets = targets(table(file));
      pass(file, targets, false);
      Done done = pass(file, targets, true);
      targets.forEach(BlockDevice::flush);
      return done;
    }
  }

  private List<Recorded> table(FileChannel file) throws IOException {
    ByteBuffer header = UndoFormat.buffer(UndoFormat.HEADER_BYTES);
    if (!read(file, header, 0) || header.getLong(0) != UndoFormat.MAGIC) {
      throw refused("undo_file_bad", "is no undo file");
    }
    int count = header.getInt(8);
    if (count < 1 || count > 255) {
      throw refused("undo_file_bad", "says that it is about " + count + " devices");
    }
    ByteBuffer table = UndoFormat.buffer(count * UndoFormat.DEVICE_BYTES);
    if (!read(file, table, UndoFormat.HEADER_BYTES)
        || UndoFormat.checksum(table) != header.getInt(12)) {
      throw refused("undo_file_bad", "has a damaged table of devices");
    }
    List<Recorded> recorded = new ArrayList<>();
    table.rewind();
    for (int i = 0; i < count; i++) {
      UUID filesystem = new UUID(table.getLong(), table.getLong());
      UUID member = new UUID(table.getLong(), table.getLong());
      recorded.add(new Recorded(filesystem, member, table.getLong()));
    }
    return recorded;
  }

  private List<BlockDevice> targets(List<Recorded> recorded) {
    DeviceSet set = DeviceSetAssembly.assemble(devices);
    List<BlockDevice> targets = new ArrayList<>();
    for (Recorded one : recorded) {
      BlockDevice found = null;
      for (BlockDevice device : devices) {
        boolean same =
            one.member.equals(UndoRecording.memberUuid(set, device))
                && one.size == device.size()
                && one.filesystem.equals(set.superblock().userUuid());
        found = same ? device : found;
      }
      if (found == null && !one.member.equals(new UUID(0, 0))) {
        throw refused(
            "undo_other_devices",
            "is about member "
                + one.member
                + " of filesystem "
                + one.filesystem
                + ", which is not among the devices");
      }
      targets.add(found);
    }
    return targets;
  }

  private Done pass(FileChannel file, List<BlockDevice> targets, boolean write) throws IOException {
    long at = UndoFormat.HEADER_BYTES + (long) targets.size() * UndoFormat.DEVICE_BYTES;
    long records = 0;
    long bytes = 0;
    ByteBuffer head = UndoFormat.buffer(UndoFormat.RECORD_BYTES);
    while (at < file.size()) {
      if (!read(file, head.clear(), at)) {
        return new Done(records, bytes, true);
      }
      int device = head.getInt(0);
      int length = head.getInt(4);
      long offset = head.getLong(8);
      boolean sound =
          device >= 0
              && device < targets.size()
              && length > 0
              && length <= UndoFormat.MOST_DATA_BYTES
              && at + UndoFormat.RECORD_BYTES + length <= file.size();
      byte[] data = new byte[sound ? length : 0];
      if (sound) {
        sound =
            read(file, ByteBuffer.wrap(data), at + UndoFormat.RECORD_BYTES)
                && UndoFormat.checksum(device, offset, data, length) == head.getInt(16);
      }
      if (!sound) {
        boolean last = at + UndoFormat.RECORD_BYTES + Math.max(0, (long) length) >= file.size();
        if (last) {
          return new Done(records, bytes, true);
        }
        throw refused("undo_file_bad", "has a damaged record at byte " + at);
      }
      if (write) {
        targets.get(device).write(offset, MemorySegment.ofArray(data));
      }
      records++;
      bytes += length;
      at += UndoFormat.RECORD_BYTES + length;
    }
    return new Done(records, bytes, false);
  }

  private static boolean read(FileChannel file, ByteBuffer into, long at) throws IOException {
    long from = at;
    while (into.hasRemaining()) {
      int count = file.read(into, from);
      if (count < 0) {
        return false;
      }
      from += count;
    }
    into.rewind();
    return true;
  }

  private RefusedException refused(String reason, String what) {
    return new RefusedException(reason, Place.structure(path.toString()), what);
  }
}
