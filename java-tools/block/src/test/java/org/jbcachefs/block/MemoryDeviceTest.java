// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import org.jbcachefs.block.testing.BlockDeviceContract;
import org.jbcachefs.block.testing.MemoryDevice;

class MemoryDeviceTest extends BlockDeviceContract {
  @Override
  protected BlockDevice create(long size) {
    return new MemoryDevice("memory", size);
  }

  @Override
  protected BlockDevice reopenReadOnly(BlockDevice device) {
    return ((MemoryDevice) device).copy("again").makeReadOnly();
  }
}
