// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.block.BlockDevice;

/** A device that its owner closes, not whoever it is lent to; it notes what is written to it. */
record BorrowedDevice(BlockDevice device, List<EditResult.Write> writes) implements BlockDevice {
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
    writes.add(new EditResult.Write(name(), offset, from.byteSize()));
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
    writes.add(new EditResult.Write(name(), offset, length));
  }

  @Override
  public void close() {}
}
