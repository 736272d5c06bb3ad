// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.BlockDevice;

/** A device without latency: native memory, durable at once. */
final class NativeMemoryDevice implements BlockDevice {
  private final MemorySegment memory;

  NativeMemoryDevice(long bytes) {
    this.memory = Arena.ofAuto().allocate(bytes, 4096);
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public long size() {
    return memory.byteSize();
  }

  @Override
  public int blockSize() {
    return 512;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    into.copyFrom(memory.asSlice(offset, into.byteSize()));
  }

  @Override
  public void write(long offset, MemorySegment from) {
    memory.asSlice(offset, from.byteSize()).copyFrom(from);
  }

  @Override
  public void flush() {
    // Nothing is ever in a cache.
  }

  @Override
  public void discard(long offset, long length) {
    // What was there may stay.
  }

  @Override
  public void writeZeroes(long offset, long length) {
    memory.asSlice(offset, length).fill((byte) 0);
  }

  @Override
  public void close() {
    // The memory goes with the device.
  }
}
