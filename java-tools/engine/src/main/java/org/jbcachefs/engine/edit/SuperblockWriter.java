// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.edit.NamedField;
import org.jbcachefs.format.edit.SuperblockFields;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;

/** Writes changed superblocks to all places of a device, whatever is in them. */
final class SuperblockWriter {
  private static final int SECTOR_SHIFT = 9;

  private final DeviceSet devices;

  SuperblockWriter(DeviceSet devices) {
    this.devices = devices;
  }

  /** Makes the changes on a device, in every copy. */
  void apply(int index, List<Change> changes) {
    write(index, devices.superblockOf(index).raw(), bytes -> apply(bytes, changes));
  }

  /** Makes the changes in a superblock's bytes. */
  static void apply(byte[] bytes, List<Change> changes) {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    for (Change change : changes) {
      Optional<NamedField> field = SuperblockFields.find(segment, change.name());
      if (field.isEmpty()) {
        throw Change.bad("the superblock has no field '" + change.name() + "'");
      }
      change.apply(field.get(), segment);
    }
  }

  /** Writes that superblock to every place that the device's layout lists. */
  void write(int index, byte[] superblock) {
    write(index, superblock, bytes -> {});
  }

  /** The same, each copy changed after it was told where it lies. */
  private void write(int index, byte[] superblock, Consumer<byte[]> change) {
    BlockDevice device = devices.device(index);
    for (long sector : devices.superblockOf(index).layout().sectors()) {
      byte[] copy = superblock.clone();
      Le.putU64(MemorySegment.ofArray(copy), Superblock.OFFSET_OFFSET, sector);
      change.accept(copy);
      SuperblockEditor.restamp(copy);
      int block = device.blockSize();
      byte[] padded = Arrays.copyOf(copy, (copy.length + block - 1) / block * block);
      device.write(sector << SECTOR_SHIFT, MemorySegment.ofArray(padded));
    }
  }
}
