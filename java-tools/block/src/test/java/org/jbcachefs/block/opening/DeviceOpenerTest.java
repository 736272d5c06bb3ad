// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.opening;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.direct.UringBlockDevice;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceOpenerTest {
  @TempDir Path directory;
  private Path image;
  private final List<String> remarks = new ArrayList<>();

  @BeforeEach
  void makeImage() {
    image = directory.resolve("image");
    FileBlockDevice.create(image, 1 << 20).close();
  }

  private BlockDevice openReadWrite(IoMode mode) {
    return new DeviceOpener(mode, remarks::add).openReadWrite(image);
  }

  @Test
  void aModeIsNamedInLowerCase() {
    assertEquals(Optional.of(IoMode.URING), IoMode.of("uring"));
    assertEquals(Optional.empty(), IoMode.of("URING"));
    assertEquals(Optional.empty(), IoMode.of(""));
    assertEquals("auto", IoMode.AUTO.toString());
  }

  @Test
  void plainNeedsNoNativeCode() {
    try (BlockDevice device = openReadWrite(IoMode.PLAIN)) {
      assertInstanceOf(FileBlockDevice.class, device);
    }
    assertEquals(List.of(image + ": opened: plain"), remarks);
  }

  @Test
  void autoTakesIoUringForAnImageFile() {
    NativeCode.require();
    try (BlockDevice device = openReadWrite(IoMode.AUTO)) {
      assertInstanceOf(UringBlockDevice.class, device);
      assertTrue(remarks.getLast().startsWith(image + ": opened: io_uring"), remarks.toString());
    }
  }

  @Test
  void autoDoesWithoutALibraryThatIsNotThere() {
    withoutLibrary(() -> {
      try (BlockDevice device = openReadWrite(IoMode.AUTO)) {
        assertInstanceOf(FileBlockDevice.class, device);
      }
      assertTrue(remarks.getFirst().contains("doing without io_uring"), remarks.toString());
      assertThrows(RefusedException.class, () -> openReadWrite(IoMode.URING));
    });
  }

  private void withoutLibrary(Runnable test) {
    String before = System.getProperty(NativeLibrary.PROPERTY);
    System.setProperty(NativeLibrary.PROPERTY, directory.toString());
    try {
      test.run();
    } finally {
      if (before == null) {
        System.clearProperty(NativeLibrary.PROPERTY);
      } else {
        System.setProperty(NativeLibrary.PROPERTY, before);
      }
    }
  }

  @Test
  void everyWayReadsWhatAnotherWrote() {
    NativeCode.require();
    byte[] bytes = new byte[8192];
    new java.util.SplittableRandom(9).nextBytes(bytes);
    IoMode[] ways = {IoMode.PLAIN, IoMode.URING, IoMode.AUTO};
    for (IoMode writer : ways) {
      try (BlockDevice device = openReadWrite(writer)) {
        device.write(4096, MemorySegment.ofArray(bytes));
        device.flush();
      }
      for (IoMode reader : ways) {
        byte[] got = new byte[8192];
        try (BlockDevice device = new DeviceOpener(reader, remarks::add).openReadOnly(image)) {
          device.read(4096, MemorySegment.ofArray(got));
        }
        assertArrayEquals(bytes, got, writer + ", then " + reader);
      }
      bytes[0]++;
    }
  }

  @Test
  void theShimIsNamedWhereItIsMissing() {
    NativeCode.require();
    Assumptions.assumeFalse(ShimNode.isPresent(), "the module is loaded");
    DeviceException e = assertThrows(DeviceException.class, () -> openReadWrite(IoMode.SHIM));
    assertEquals(
        "/dev/jbcachefs: is not there; load the module: modprobe jbcachefs_shim", e.sentence());
  }

  @Test
  void aWriterKeepsTheNextOneOutWhateverTheWay() {
    NativeCode.require();
    try (BlockDevice first = openReadWrite(IoMode.AUTO)) {
      for (IoMode mode : new IoMode[] {IoMode.PLAIN, IoMode.URING, IoMode.AUTO}) {
        DeviceException e = assertThrows(DeviceException.class, () -> openReadWrite(mode));
        assertTrue(e.sentence().contains("is in use"), e.sentence());
      }
      assertEquals(1 << 20, first.size());
    }
  }
}
