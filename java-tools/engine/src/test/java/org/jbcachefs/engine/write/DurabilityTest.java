// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.tables.DataType;
import org.junit.jupiter.api.Test;

/** What a copy on a device of higher durability counts. */
class DurabilityTest {
  private static final int[] DURABILITY = {1, 2, 1};
  private static final int REPLICAS = 2;

  @Test
  void copiesCountAsOftenAsWantedAndNoneIsNeedless() {
    List<MemoryDevice> devices = new ArrayList<>();
    for (int i = 0; i < DURABILITY.length; i++) {
      devices.add(new MemoryDevice("device" + i, 64L << 20));
    }
    FormatOptions plain = SmallFilesystem.format(devices, 16 << 10, 1);
    List<FormatOptions.MemberFormat> members = new ArrayList<>();
    for (int i = 0; i < DURABILITY.length; i++) {
      FormatOptions.MemberFormat member = plain.members().get(i);
      members.add(
          new FormatOptions.MemberFormat(
              member.device(),
              member.uuid(),
              member.sizeBytes(),
              member.bucketBytes(),
              member.labelIndex(),
              DURABILITY[i],
              member.discard(),
              member.rotational(),
              member.dataAllowed(),
              member.state()));
    }
    try (WritableFilesystem filesystem =
        FilesystemFormat.create(
            with(plain, members), Optional.empty(), SmallFilesystem.options(1))) {
      SpaceAllocator.Request request =
          new SpaceAllocator.Request(1, false, REPLICAS, 1, _ -> true, Watermark.NORMAL);
      for (int i = 0; i < 20; i++) {
        WritePoint point = new WritePoint(DataType.USER);
        try (Allocation allocation = filesystem.space().allocate(point, request)) {
          int sum = 0;
          for (Allocation.Place place : allocation.places()) {
            sum += DURABILITY[place.device()];
          }
          assertEquals(REPLICAS, sum, allocation.places().toString());
        }
        filesystem.space().close(point);
      }
    }
  }

  private static FormatOptions with(FormatOptions plain, List<FormatOptions.MemberFormat> members) {
    return new FormatOptions(
        plain.internalUuid(),
        plain.userUuid(),
        plain.label(),
        plain.versionAllowed(),
        plain.blockBytes(),
        plain.btreeNodeBytes(),
        plain.extentBpShift(),
        plain.superblockSectors(),
        plain.options(),
        plain.diskGroups(),
        plain.crypt(),
        members);
  }
}
