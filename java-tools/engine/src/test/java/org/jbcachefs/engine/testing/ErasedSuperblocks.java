// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.sb.Superblock;

/** Devices with zeros wherever a superblock or its layout was. */
public final class ErasedSuperblocks {
  private static final int SECTOR = 512;
  private static final int ERASED = 8 * SECTOR;

  private ErasedSuperblocks() {}

  /** The only member of a golden filesystem. */
  public static BlockDevice of(String name) {
    return of(new CopyOnWriteDevice(GoldenImages.open(name).getFirst()));
  }

  /** That device, erased. */
  public static BlockDevice of(CopyOnWriteDevice device) {
    MemorySegment chunk = MemorySegment.ofArray(new byte[1 << 20]);
    List<Long> found = new ArrayList<>();
    for (long at = 0; at + chunk.byteSize() <= device.size(); at += chunk.byteSize()) {
      device.read(at, chunk);
      for (int sector = 0; sector < chunk.byteSize(); sector += SECTOR) {
        if (Superblock.hasMagic(chunk, sector) || isLayout(chunk, sector)) {
          found.add(at + sector);
        }
      }
    }
    assertTrue(found.size() >= 3, "superblocks");
    for (long at : found) {
      device.write(at, MemorySegment.ofArray(new byte[(int) Math.min(ERASED, device.size() - at)]));
    }
    return device;
  }

  private static boolean isLayout(MemorySegment chunk, long at) {
    return Superblock.hasMagic(chunk, at - Superblock.OFFSET_MAGIC);
  }

  /**
   * A manifest without what is lost with the superblocks: the time from which times count, and the
   * names of targets.
   */
  public static List<String> comparable(List<String> manifest) {
    return manifest.stream()
        .map(line -> line.replaceFirst("\"mtime\": \"[^\"]*\"", ""))
        .map(line -> line.replaceAll("_target\": \"[^\"]*\"", "_target\""))
        .toList();
  }
}
