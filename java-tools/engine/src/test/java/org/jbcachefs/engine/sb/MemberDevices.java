// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockLayout;

/** Devices in memory that carry nothing but superblocks, made from those of golden filesystems. */
final class MemberDevices {
  private MemberDevices() {}

  /** The superblocks of a golden filesystem's members. */
  static List<Superblock> golden(String name) {
    List<BlockDevice> devices = GoldenImages.open(name);
    try {
      return devices.stream().map(device -> SuperblockSearch.find(device).require()).toList();
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  /** A device of the right size with a superblock in all its places. */
  static MemoryDevice device(Superblock superblock, UnaryOperator<SuperblockEditor> change) {
    Member own = superblock.members().get(superblock.deviceIndex());
    long size = (own.nbuckets() * own.bucketSectors()) << 9;
    MemoryDevice device = new MemoryDevice("member" + superblock.deviceIndex(), size);
    SuperblockEditor editor = change.apply(new SuperblockEditor(superblock));
    for (long sector : superblock.layout().sectors()) {
      device.write(sector << 9, MemorySegment.ofArray(editor.offsetSector(sector).build()));
    }
    device.write(SuperblockLayout.SECTOR << 9, superblock.layout().encode().segment());
    return device;
  }

  static MemoryDevice device(Superblock superblock) {
    return device(superblock, editor -> editor);
  }

  /** All members of a golden filesystem. */
  static List<BlockDevice> devices(String name) {
    List<BlockDevice> devices = new ArrayList<>();
    golden(name).forEach(superblock -> devices.add(device(superblock)));
    return devices;
  }
}
