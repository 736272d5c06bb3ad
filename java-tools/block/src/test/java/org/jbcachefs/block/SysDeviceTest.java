// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.DeviceGeometry.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SysDeviceTest {
  private static final BlockNode DISK = new BlockNode(8, 0);
  private static final BlockNode PARTITION = new BlockNode(8, 3);

  @TempDir Path root;

  private void write(Path directory, String attribute, String text) throws IOException {
    Path file = directory.resolve(attribute);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  /** A disk with one partition, linked by their numbers as in /sys/dev/block. */
  private void makeDisk() throws IOException {
    Path disk = root.resolve("devices/sda");
    write(disk, "size", "2048");
    write(disk, "ro", "0");
    write(disk, "queue/logical_block_size", "512");
    write(disk, "queue/physical_block_size", "4096");
    write(disk, "queue/minimum_io_size", "4096");
    write(disk, "queue/optimal_io_size", "0");
    write(disk, "queue/dma_alignment", "3");
    write(disk, "queue/discard_max_bytes", "0");
    write(disk, "queue/rotational", "1");
    write(disk, "queue/write_cache", "write back");
    write(disk, "queue/fua", "nonsense");
    write(disk.resolve("sda3"), "size", "1024");
    write(disk.resolve("sda3"), "ro", "1");
    Files.createDirectories(disk.resolve("sda3/holders/dm-0"));
    Files.createDirectories(disk.resolve("sda3/holders/dm-1"));
    Files.createSymbolicLink(root.resolve("8:0"), disk);
    Files.createSymbolicLink(root.resolve("8:3"), disk.resolve("sda3"));
  }

  @Test
  void aDiskIsDescribedAndWhatIsNotToldIsNotKnown() throws IOException {
    makeDisk();
    DeviceGeometry geometry = SysDevice.under(root, DISK).geometry();
    assertEquals("sda", geometry.node());
    assertEquals(1 << 20, geometry.size());
    assertEquals(512, geometry.logicalBlock());
    assertEquals(4096, geometry.physicalBlock());
    assertEquals(4, geometry.bufferAlignment());
    assertEquals(0, geometry.maxDiscard());
    assertEquals(-1, geometry.maxWriteZeroes());
    assertEquals(Answer.YES, geometry.rotational());
    assertEquals(Answer.YES, geometry.writeCache());
    assertEquals(Answer.UNKNOWN, geometry.fua());
    assertEquals(Answer.NO, geometry.readOnly());
  }

  @Test
  void aPartitionHasItsDisksQueueAndItsOwnHolders() throws IOException {
    makeDisk();
    SysDevice partition = SysDevice.under(root, PARTITION);
    assertEquals("sda3", partition.geometry().node());
    assertEquals(1 << 19, partition.geometry().size());
    assertEquals(512, partition.geometry().logicalBlock());
    assertEquals(Answer.YES, partition.geometry().readOnly());
    assertEquals(List.of("dm-0", "dm-1"), partition.holders());
    assertEquals(List.of(), SysDevice.under(root, DISK).holders());
  }

  @Test
  void aDeviceThatIsNotThereIsNotKnown() throws IOException {
    SysDevice none = SysDevice.under(root, DISK);
    assertFalse(none.isPresent());
    assertNull(none.geometry().node());
    assertEquals(-1, none.geometry().size());
    assertEquals(List.of(), none.holders());
  }

  @Test
  void mountsAreFoundByTheirNumber() throws IOException {
    List<String> mountinfo =
        List.of(
            "22 1 8:3 / / rw,relatime shared:1 - ext4 /dev/sda3 rw",
            "23 22 8:0 /sub /mnt/with\\040blank rw master:1 - xfs /dev/none rw",
            "24 22 0:55 / /elsewhere rw - bcachefs /dev/none:/dev/nobody rw",
            "not a mount");
    assertEquals(
        List.of(new DeviceHolders.Holder(DeviceHolders.Kind.MOUNT, "/mnt/with blank")),
        DeviceHolders.mounts(DISK, mountinfo));
  }
}
