// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;

/**
 * A device that its owner closes, not whoever it is lent to. Those who extend it see what is
 * written on its way. As thread-safe as the device.
 */
public class LentDevice implements BlockDevice {
  private final BlockDevice device;

  public LentDevice(BlockDevice device) {
    this.device = device;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public long size() {
    return device.size();
  }

  @Override
  public int blockSize() {
    return device.blockSize();
  }

  @Override
  public boolean readOnly() {
    return device.readOnly();
  }

  @Override
  public void read(long offset, MemorySegment into) {
    device.read(offset, into);
  }

  @Override
  public void write(long offset, MemorySegment from) {
    device.write(offset, from);
  }

  @Override
  public void write(long offset, MemorySegment from, int flags) {
    device.write(offset, from, flags);
  }

  @Override
  public void flush() {
    device.flush();
  }

  @Override
  public void discard(long offset, long length) {
    device.discard(offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length) {
    device.writeZeroes(offset, length);
  }

  @Override
  public void close() {}
}
