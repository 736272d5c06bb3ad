// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Finding.Severity;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * Reads every copy of the superblock on every member, and the layout sector, which has no checksum
 * but must equal the layout inside the superblock.
 */
final class SuperblockCheck {
  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;

  private SuperblockCheck() {}

  /** How many copies were read; what is wrong with them is reported. */
  static long check(DeviceSet devices, Consumer<Finding> report) {
    long copies = 0;
    for (int dev = 0; dev < devices.size(); dev++) {
      BlockDevice device = devices.device(dev);
      Superblock own = devices.superblockOf(dev);
      if (device != null && own != null) {
        for (long sector : own.layout().sectors()) {
          checkCopy(SuperblockSearch.read(device, sector), own, device, report);
          copies++;
        }
        checkLayout(device, own, report);
      }
    }
    return copies;
  }

  private static void checkCopy(
      SuperblockCopy copy, Superblock own, BlockDevice device, Consumer<Finding> report) {
    Place place = Place.device(device.name(), copy.sector() << SECTOR_SHIFT).in("superblock");
    if (!copy.valid()) {
      BcachefsException problem = copy.problem();
      report.accept(
          new Finding(Severity.MENDED, Finding.of(problem).name(), place, problem.getMessage()));
    } else if (!copy.superblock().internalUuid().equals(own.internalUuid())) {
      String what = "belongs to another filesystem";
      report.accept(new Finding(Severity.MENDED, "invalid_sb_uuid", place, what));
    }
  }

  private static void checkLayout(BlockDevice device, Superblock own, Consumer<Finding> report) {
    Place place =
        Place.device(device.name(), SuperblockLayout.SECTOR << SECTOR_SHIFT)
            .in("superblock layout");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sector = arena.allocate(SuperblockLayout.BYTES);
      device.read(place.offset(), sector);
      MemorySegment inside =
          MemorySegment.ofArray(own.raw()).asSlice(Superblock.OFFSET_LAYOUT, sector.byteSize());
      long different = sector.mismatch(inside);
      if (different >= 0) {
        String what = "byte " + different + " differs from the layout inside the superblock";
        report.accept(new Finding(Severity.MENDED, "invalid_sb_layout", place, what));
      }
    } catch (DeviceException e) {
      report.accept(Finding.of(Severity.MENDED, e));
    }
  }
}
