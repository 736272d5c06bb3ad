// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;

/** For tests that damage golden images: a {@link ScratchDevice} with ways to do damage. */
public final class CopyOnWriteDevice extends ScratchDevice {
  public CopyOnWriteDevice(BlockDevice base) {
    super(base);
  }

  /** Overwrites a range with zeros. */
  @Override
  public void zero(long offset, long length) {
    super.zero(offset, length);
  }

  /** Changes one byte to another value: exclusive or with that. */
  public void flip(long offset, int bits) {
    MemorySegment one = MemorySegment.ofArray(new byte[1]);
    read(offset, one);
    byte changed = (byte) (one.get(ValueLayout.JAVA_BYTE, 0) ^ bits);
    one.set(ValueLayout.JAVA_BYTE, 0, changed);
    write(offset, one);
  }
}
