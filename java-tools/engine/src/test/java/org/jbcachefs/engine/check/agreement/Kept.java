// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.BlockDevice;

/** A device that is read, and stays open when its reader closes it. */
record Kept(BlockDevice device) implements BlockDevice {
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
    return true;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    device.read(offset, into);
  }

  @Override
  public void write(long offset, MemorySegment from) {
    throw new UnsupportedOperationException("for reading");
  }

  @Override
  public void flush() {}

  @Override
  public void discard(long offset, long length) {}

  @Override
  public void writeZeroes(long offset, long length) {
    throw new UnsupportedOperationException("for reading");
  }

  @Override
  public void close() {}
}
