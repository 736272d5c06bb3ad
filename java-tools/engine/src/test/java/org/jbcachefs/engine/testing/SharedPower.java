// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.FaultyDevice;

/**
 * Devices that lose their power all at once, before a write of any of them. Thread-safe; closing a
 * device of it does nothing, {@link #close} closes all.
 */
public final class SharedPower implements AutoCloseable {
  private final List<FaultyDevice> faulty = new ArrayList<>();
  private final List<BlockDevice> devices = new ArrayList<>();
  private long writes;
  private boolean cut;
  private long cutAt = Long.MAX_VALUE;

  /**
   * @param seed of what becomes of unflushed writes
   */
  public SharedPower(List<BlockDevice> media, long seed) {
    for (BlockDevice one : media) {
      FaultyDevice device = new FaultyDevice(one, seed + faulty.size());
      faulty.add(device);
      devices.add(new Plugged(device));
    }
  }

  /** After that many writes of all devices together the power goes. */
  public synchronized SharedPower cutAfter(long count) {
    cutAt = count;
    return this;
  }

  /** The devices, to be used while there is power. */
  public List<BlockDevice> devices() {
    return List.copyOf(devices);
  }

  /** How many writes there were. */
  public synchronized long writes() {
    return writes;
  }

  /** The power goes now, if it is not gone yet, and comes back. */
  public synchronized void cycle() {
    faulty.forEach(FaultyDevice::cutPower);
    faulty.forEach(FaultyDevice::restorePower);
    cut = false;
    cutAt = Long.MAX_VALUE;
  }

  /** Whether the power has gone. */
  public synchronized boolean isCut() {
    return cut;
  }

  private synchronized void write() {
    if (writes++ == cutAt) {
      cut = true;
      faulty.forEach(FaultyDevice::cutPower);
    }
  }

  @Override
  public void close() {
    faulty.forEach(FaultyDevice::close);
  }

  private final class Plugged extends LentDevice {
    private Plugged(BlockDevice device) {
      super(device);
    }

    @Override
    public void write(long offset, MemorySegment from) {
      SharedPower.this.write();
      super.write(offset, from);
    }

    @Override
    public void write(long offset, MemorySegment from, int flags) {
      SharedPower.this.write();
      super.write(offset, from, flags);
    }

    @Override
    public void writeZeroes(long offset, long length) {
      SharedPower.this.write();
      super.writeZeroes(offset, length);
    }
  }
}
