// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.opening.DeviceOpener;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.block.shim.ShimClaim;
import org.jbcachefs.block.shim.ShimInfo;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.BlockDeviceContract;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Needs the module and devices; see {@link ShimDevices}. */
class ShimBlockDeviceTest extends BlockDeviceContract {
  @TempDir Path directory;

  @BeforeAll
  static void requireDevices() {
    ShimDevices.require();
  }

  @Override
  protected BlockDevice create(long size) {
    return ShimDevices.claimZeroed(ShimSession.open(), 0);
  }

  @Override
  protected BlockDevice reopenReadOnly(BlockDevice device) {
    device.close();
    return ShimSession.open().openReadOnly(ShimDevices.path(0));
  }

  @Override
  protected boolean writesAnything() {
    return false;
  }

  @Test
  void whatIsWrittenIsOnTheNode() {
    byte[] bytes = pattern(1 << 20);
    write(65_536, bytes, true);
    device.flush();
    byte[] got = new byte[1 << 20];
    try (BlockDevice plain = FileBlockDevice.openReadOnly(ShimDevices.path(0))) {
      plain.read(65_536, MemorySegment.ofArray(got));
    }
    assertArrayEquals(bytes, got);
  }

  @Test
  void nobodyElseGetsItForWritingMeanwhile() {
    Path path = ShimDevices.path(0);
    String self = ", process " + ProcessHandle.current().pid();
    try (ShimSession other = ShimSession.open()) {
      DeviceException e = assertThrows(DeviceException.class, () -> other.openReadWrite(path));
      assertEquals(Errno.EBUSY, errno(e));
      assertTrue(
          e.sentence().contains("is in use by") && e.sentence().contains(self), e.sentence());
      assertThrows(DeviceException.class, () -> other.openReadOnly(path));
    }
    DeviceException e =
        assertThrows(DeviceException.class, () -> UringBlockDevice.openReadWrite(path));
    assertTrue(e.sentence().contains("is in use"), e.sentence());
    device.close();
    UringBlockDevice.openReadWrite(path).close();
  }

  @Test
  void itsGeometryAndClaimAreTold() throws NativeException {
    DeviceGeometry geometry = assertInstanceOf(ShimBlockDevice.class, device).geometry();
    assertEquals(SIZE, geometry.size());
    assertEquals(device.blockSize(), geometry.logicalBlock());
    assertEquals(DeviceGeometry.Answer.NO, geometry.readOnly());
    try (ShimNode node = ShimNode.open()) {
      List<ShimClaim> claims = node.claims();
      assertEquals(1, claims.size(), claims.toString());
      ShimClaim claim = claims.getFirst();
      assertEquals(geometry.node(), claim.node());
      assertEquals(ProcessHandle.current().pid(), claim.pid());
      assertTrue(claim.writable() && !claim.dead());
      ShimInfo info = node.info();
      assertFalse(info.version().isEmpty());
      assertFalse(info.featureNames().stream().anyMatch(name -> name.startsWith("bit")));
      assertEquals(List.of(), node.filesystems());
    }
    device.close();
    try (ShimNode node = ShimNode.open()) {
      assertEquals(List.of(), node.claims());
    }
  }

  @Test
  void anImageFileIsNotForTheShim() throws IOException {
    Path image = Files.write(directory.resolve("image"), new byte[8192]);
    try (ShimSession session = ShimSession.open()) {
      DeviceException e = assertThrows(DeviceException.class, () -> session.openReadWrite(image));
      assertEquals(Errno.ENOTBLK, errno(e));
    }
  }

  @Test
  void autoTakesTheShimForNodesAndOtherWaysForTheRest() throws IOException {
    Path image = Files.write(directory.resolve("image"), new byte[8192]);
    List<String> remarks = new ArrayList<>();
    DeviceOpener opener = new DeviceOpener(IoMode.AUTO, remarks::add);
    try (BlockDevice one = opener.openReadWrite(ShimDevices.path(1));
        BlockDevice two = opener.openReadWrite(ShimDevices.path(2));
        BlockDevice file = opener.openReadWrite(image)) {
      assertEquals("kernel shim", one.transport());
      try (IoQueue queue = one.queue(List.of(one, two), 8)) {
        assertTrue(queue.accepts(two), "both go through one session");
      }
      assertFalse(file instanceof ShimBlockDevice);
    }
    // Held by this test: reading does without a claim, writing does not.
    try (BlockDevice beside = opener.openReadOnly(ShimDevices.path(0))) {
      assertFalse(beside instanceof ShimBlockDevice, remarks.toString());
    }
    assertThrows(DeviceException.class, () -> opener.openReadWrite(ShimDevices.path(0)));
  }

  @Test
  void theWholeDeviceGoesInOneRequest() {
    byte[] all = pattern((int) SIZE);
    write(0, all, true);
    assertArrayEquals(all, read(0, (int) SIZE));
    device.writeZeroes(0, SIZE);
    assertArrayEquals(new byte[(int) SIZE], read(0, (int) SIZE));
  }

  private static int errno(DeviceException e) {
    return assertInstanceOf(NativeException.class, e.getCause()).errno();
  }
}
