// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

/**
 * The places that one buffer is written to: up to {@value IoQueue#MAX_COPIES} of a device and a
 * byte offset. Made once and filled again for each write; not thread-safe.
 */
public final class CopyTargets {
  private final BlockDevice[] devices = new BlockDevice[IoQueue.MAX_COPIES];
  private final long[] offsets = new long[IoQueue.MAX_COPIES];
  private int count;

  public CopyTargets clear() {
    count = 0;
    return this;
  }

  /** Adds a place; more than {@value IoQueue#MAX_COPIES} are an IllegalStateException. */
  public CopyTargets add(BlockDevice device, long offset) {
    if (count == IoQueue.MAX_COPIES) {
      throw new IllegalStateException("a write has at most " + IoQueue.MAX_COPIES + " copies");
    }
    devices[count] = device;
    offsets[count++] = offset;
    return this;
  }

  public int count() {
    return count;
  }

  public BlockDevice device(int copy) {
    return devices[copy];
  }

  public long offset(int copy) {
    return offsets[copy];
  }

  void set(CopyTargets other) {
    count = other.count;
    System.arraycopy(other.devices, 0, devices, 0, count);
    System.arraycopy(other.offsets, 0, offsets, 0, count);
  }

  /** Lets go of the devices. */
  void forget() {
    java.util.Arrays.fill(devices, 0, count, null);
    count = 0;
  }
}
