// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A block node that is claimed through the kernel shim: nobody else can mount, format or claim it
 * meanwhile. Everything goes past the page cache. Closing it gives the claim back.
 */
public final class ShimBlockDevice extends NativeBlockDevice {
  private final ShimSession session;
  private final int claim;
  private final DeviceGeometry geometry;

  ShimBlockDevice(
      ShimSession session, String name, int claim, DeviceGeometry geometry, boolean readOnly) {
    super(
        name,
        geometry.size(),
        (int) geometry.logicalBlock(),
        (int) geometry.bufferAlignment(),
        readOnly);
    this.session = session;
    this.claim = claim;
    this.geometry = geometry;
  }

  /** What the module told about the device when it was claimed. */
  public DeviceGeometry geometry() {
    return geometry;
  }

  ShimSession session() {
    return session;
  }

  @Override
  public String transport() {
    return "kernel shim";
  }

  @Override
  int readAt(long offset, long address, long length) {
    return transfer(ShimNode.READ, 0, offset, address, length);
  }

  @Override
  int writeAt(long offset, long address, long length, int flags) {
    return transfer(ShimNode.WRITE, flags, offset, address, length);
  }

  /** In as many requests as the limit makes of it, each with the flags. */
  private int transfer(int operation, int flags, long offset, long address, long length) {
    for (long done = 0; done < length; done += IoQueue.MAX_BYTES) {
      long step = Math.min(length - done, IoQueue.MAX_BYTES);
      int result = request(operation, flags, offset + done, address + done, step);
      if (result < 0) {
        return result;
      }
    }
    return 0;
  }

  @Override
  int flushAll() {
    return request(ShimNode.FLUSH, 0, 0, 0, 0);
  }

  @Override
  int discardRange(long offset, long length) {
    return request(ShimNode.DISCARD, 0, offset, 0, length);
  }

  @Override
  int zeroRange(long offset, long length) {
    return request(ShimNode.WRITE_ZEROES, 0, offset, 0, length);
  }

  private int request(int operation, int flags, long offset, long address, long length) {
    return session.node().request(claim, operation, flags, offset, address, length);
  }

  @Override
  void release() {
    try {
      session.release(claim);
    } catch (NativeException e) {
      throw new DeviceException(
          Place.device(name(), -1), "cannot give the claim back: " + Errno.text(e.errno()), e);
    }
  }

  @Override
  boolean isDirect() {
    return true;
  }

  @Override
  boolean isBlockNode() {
    return true;
  }

  @Override
  int number() {
    return claim;
  }

  @Override
  public IoQueue queue(List<? extends BlockDevice> devices, int capacity) {
    return session.queue(devices, capacity);
  }
}
