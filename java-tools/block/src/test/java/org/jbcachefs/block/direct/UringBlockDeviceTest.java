// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.testing.BlockDeviceContract;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UringBlockDeviceTest extends BlockDeviceContract {
  @TempDir Path directory;

  @BeforeAll
  static void load() {
    NativeCode.require();
  }

  @Override
  protected BlockDevice create(long size) {
    Path path = directory.resolve("image");
    FileBlockDevice.create(path, size).close();
    return UringBlockDevice.openReadWrite(path);
  }

  @Override
  protected BlockDevice reopenReadOnly(BlockDevice device) {
    device.close();
    return UringBlockDevice.openReadOnly(Path.of(device.name()));
  }

  @Override
  protected boolean writesAnything() {
    return false;
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = directory.resolve("missing");
    DeviceException e =
        assertThrows(DeviceException.class, () -> UringBlockDevice.openReadOnly(missing));
    assertEquals(missing + ": cannot open: no such file or device", e.sentence());
    assertEquals(Errno.ENOENT, errno(e));
  }

  @Test
  void aDirectoryIsRefused() {
    DeviceException e =
        assertThrows(DeviceException.class, () -> UringBlockDevice.openReadWrite(directory));
    assertTrue(e.sentence().contains("is a directory"), e.sentence());
  }

  @Test
  void aSecondWriterIsRefusedWhateverItsTransport() {
    Path path = Path.of(device.name());
    for (Runnable second :
        new Runnable[] {
          () -> UringBlockDevice.openReadWrite(path), () -> FileBlockDevice.openReadWrite(path)
        }) {
      DeviceException e = assertThrows(DeviceException.class, second::run);
      assertTrue(e.sentence().contains("is in use"), e.sentence());
    }
    device.close();
    FileBlockDevice.openReadWrite(path).close();
  }

  @Test
  void anImageThatShrinksUnderneathIsToldWithItsErrno() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(device.name(), "rw")) {
      file.setLength(SIZE / 2);
    }
    DeviceException e =
        assertThrows(
            DeviceException.class,
            () -> device.read(SIZE / 2 - 512, MemorySegment.ofArray(new byte[1024])));
    assertEquals(Errno.ENODATA, errno(e));
    assertTrue(e.sentence().contains("ends inside of it"), e.sentence());
  }

  @Test
  void anImageOfAnOddLengthIsReadAndWrittenThroughThePageCache() throws IOException {
    Path odd = directory.resolve("odd");
    byte[] content = pattern(10_001);
    Files.write(odd, content);
    try (BlockDevice whole = UringBlockDevice.openReadWrite(odd)) {
      assertEquals(10_001, whole.size());
      byte[] got = new byte[10_001];
      whole.read(0, MemorySegment.ofArray(got));
      assertArrayEquals(content, got);
      assertTrue(whole.transport().contains("through the page cache"), whole.transport());
    }
  }

  @Test
  void readsPastThePageCacheAreTheSame() {
    write(0, pattern(1 << 20), true);
    device.close();
    device = UringBlockDevice.openReadOnlyDirect(Path.of(device.name()));
    byte[] expected = pattern(1 << 20);
    assertArrayEquals(expected, read(0, 1 << 20));
    for (int[] range : new int[][] {{1, 1}, {511, 2}, {3, 700_001}, {262_143, 262_146}}) {
      assertArrayEquals(
          java.util.Arrays.copyOfRange(expected, range[0], range[0] + range[1]),
          read(range[0], range[1]));
    }
  }

  private static int errno(DeviceException e) {
    return assertInstanceOf(NativeException.class, e.getCause()).errno();
  }
}
