// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;

/** A device that seems to have zeros behind its end; for reading. */
final class LongerDevice extends LentDevice {
  private final long real;
  private final long size;

  LongerDevice(BlockDevice device, long size) {
    super(device);
    this.real = device.size();
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    long there = Math.clamp(real - offset, 0, into.byteSize());
    if (there > 0) {
      super.read(offset, into.asSlice(0, there));
    }
    into.asSlice(there).fill((byte) 0);
  }
}
