// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.block.testing.BlockDeviceContract;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlockDeviceTest extends BlockDeviceContract {
  @TempDir Path directory;

  @Override
  protected BlockDevice create(long size) {
    return FileBlockDevice.create(directory.resolve("image"), size);
  }

  @Override
  protected BlockDevice reopenReadOnly(BlockDevice device) {
    device.close();
    return FileBlockDevice.openReadOnly(Path.of(device.name()));
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = directory.resolve("missing");
    DeviceException e =
        assertThrows(DeviceException.class, () -> FileBlockDevice.openReadOnly(missing));
    assertEquals(missing + ": cannot open: no such file or device", e.sentence());
  }

  @Test
  void aDirectoryIsRefused() {
    DeviceException e =
        assertThrows(DeviceException.class, () -> FileBlockDevice.openReadOnly(directory));
    assertTrue(e.sentence().contains("is a directory"), e.sentence());
  }

  @Test
  void aSecondWriterIsRefused() {
    DeviceException e =
        assertThrows(
            DeviceException.class, () -> FileBlockDevice.openReadWrite(Path.of(device.name())));
    assertTrue(e.sentence().contains("is in use"), e.sentence());
  }

  @Test
  void createNeverOverwrites() {
    Path path = Path.of(device.name());
    assertThrows(DeviceException.class, () -> FileBlockDevice.create(path, 512));
    assertEquals(SIZE, device.size());
  }

  @Test
  void aNewImageIsSparse() throws IOException {
    Path path = directory.resolve("sparse");
    try (FileBlockDevice sparse = FileBlockDevice.create(path, 1L << 36)) {
      assertEquals(1L << 36, sparse.size());
    }
    assertEquals(1L << 36, Files.size(path));
  }

  @Test
  void anImageThatShrinksUnderneathSaysWhereItEnds() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(device.name(), "rw")) {
      file.setLength(SIZE / 2);
    }
    DeviceException e =
        assertThrows(
            DeviceException.class,
            () -> device.read(SIZE / 2 - 512, MemorySegment.ofArray(new byte[1024])));
    assertEquals(SIZE / 2, e.place().offset());
  }

  @Test
  void deviceNumbersAreTakenApartAsGlibcDoes() {
    assertEquals(259, BlockNode.major(0x10305L));
    assertEquals(5, BlockNode.minor(0x10305L));
    assertEquals(0x12345, BlockNode.minor(0x12300000L | 0x745L));
    assertEquals(7, BlockNode.major(0x12300000L | 0x745L));
  }
}
