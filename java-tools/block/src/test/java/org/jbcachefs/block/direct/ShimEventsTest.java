// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceEvent;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.opening.DeviceOpener;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Events of a loop device, and of the disk that the system property jbcachefs.shim.removable names
 * and nobody needs afterwards. Runs in the guest of tests/vm/shim-java.
 */
@Timeout(120)
class ShimEventsTest {
  private static final String REMOVABLE = "jbcachefs.shim.removable";
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  private final BlockingQueue<DeviceEvent> events = new LinkedBlockingQueue<>();
  private final DeviceOpener opener = new DeviceOpener(IoMode.SHIM, _ -> {});

  @BeforeAll
  static void requireDevices() {
    ShimDevices.require();
    Assumptions.assumeTrue(System.getProperty(REMOVABLE) != null, REMOVABLE + " is not given");
  }

  @BeforeEach
  void watch() {
    opener.watch(events::add);
  }

  private DeviceEvent next() throws InterruptedException {
    DeviceEvent event = events.poll(30, TimeUnit.SECONDS);
    assertNotNull(event, "no event came");
    return event;
  }

  private void expect(BlockDevice device, DeviceEvent.Kind kind, long value)
      throws InterruptedException {
    DeviceEvent event = next();
    assertSame(device, event.device());
    assertEquals(kind, event.kind());
    assertEquals(value, event.value());
  }

  @Test
  void aDeviceGrowsAndBecomesReadOnlyAndWritableAgain() throws IOException, InterruptedException {
    Path image = Files.write(directory.resolve("image"), new byte[8 * MIB]);
    try (LoopDevice loop = LoopDevice.over(image)) {
      try (BlockDevice device = opener.openReadWrite(loop.path())) {
        Files.write(image, new byte[8 * MIB], java.nio.file.StandardOpenOption.APPEND);
        loop.noticeSize();
        expect(device, DeviceEvent.Kind.RESIZED, 16L * MIB);
        loop.setReadOnly(true);
        expect(device, DeviceEvent.Kind.READ_ONLY, 0);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment block = arena.allocate(4096, 4096);
          DeviceException e = assertThrows(DeviceException.class, () -> device.write(0, block));
          assertEquals(Errno.EROFS, errno(e));
          loop.setReadOnly(false);
          expect(device, DeviceEvent.Kind.WRITABLE, 0);
          device.write(0, block);
        }
      }
    }
  }

  @Test
  void aDiskThatIsPulledOutIsGone() throws IOException, InterruptedException {
    Path path = Path.of(System.getProperty(REMOVABLE)).toRealPath();
    try (BlockDevice device = opener.openReadWrite(path);
        BlockDevice other = opener.openReadWrite(ShimDevices.path(1))) {
      Files.writeString(Path.of("/sys/block", path.getFileName().toString(), "device/delete"), "1");
      DeviceEvent event = next();
      assertSame(device, event.device());
      assertEquals(DeviceEvent.Kind.GONE, event.kind());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(4096, 4096);
        DeviceException e = assertThrows(DeviceException.class, () -> device.read(0, block));
        assertEquals(Errno.ENODEV, errno(e));
        other.read(0, block);
      }
    }
  }

  private static int errno(DeviceException e) {
    return assertInstanceOf(NativeException.class, e.getCause()).errno();
  }
}
