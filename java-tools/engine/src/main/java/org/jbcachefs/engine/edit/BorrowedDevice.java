// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;

/** A device that notes what is written to it. */
final class BorrowedDevice extends LentDevice {
  private final List<EditResult.Write> writes;

  BorrowedDevice(BlockDevice device, List<EditResult.Write> writes) {
    super(device);
    this.writes = writes;
  }

  private void note(long offset, long length) {
    writes.add(new EditResult.Write(name(), offset, length));
  }

  @Override
  public void write(long offset, MemorySegment from) {
    super.write(offset, from);
    note(offset, from.byteSize());
  }

  @Override
  public void write(long offset, MemorySegment from, int flags) {
    super.write(offset, from, flags);
    note(offset, from.byteSize());
  }

  @Override
  public void writeZeroes(long offset, long length) {
    super.writeZeroes(offset, length);
    note(offset, length);
  }
}
