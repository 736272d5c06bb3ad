// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.testing.IoQueueContract;
import org.junit.jupiter.api.BeforeAll;

/**
 * Requests to the kernel shim, by the completion ring. Needs the module and devices; see {@link
 * ShimDevices}.
 */
class ShimRingQueueTest extends IoQueueContract {
  private ShimSession session;

  @BeforeAll
  static void requireDevices() {
    ShimDevices.require();
  }

  @Override
  protected BlockDevice create(String name, long size) {
    if (session == null) {
      session = ShimSession.open();
    }
    return ShimDevices.claimZeroed(session, devices.size());
  }

  @Override
  protected IoQueue openQueue(int capacity) {
    return session.queue(devices, capacity, BlockNative.BY_RING);
  }

  @Override
  protected boolean pinsBuffersOnce() {
    return true;
  }
}
