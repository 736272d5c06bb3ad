// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.image;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;

/**
 * A device of which the beginning, where the superblocks are, is written to memory until {@link
 * #commit}. Everything else is written at once. Thread-safe.
 */
final class HeldSuperblocks extends ScratchDevice {
  private static final int STEP = 4096;

  private final BlockDevice base;
  private final long end;
  private boolean committed;

  /**
   * @param end of what is held, in bytes; a multiple of 4096
   */
  HeldSuperblocks(BlockDevice base, long end) {
    super(base);
    this.base = base;
    this.end = end;
  }

  @Override
  public synchronized void write(long offset, MemorySegment from) {
    if (offset >= end || committed) {
      base.write(offset, from);
    } else {
      long held = Math.min(from.byteSize(), end - offset);
      super.write(offset, from.asSlice(0, held));
      if (held < from.byteSize()) {
        base.write(end, from.asSlice(held));
      }
    }
  }

  @Override
  public void flush() {
    base.flush();
  }

  @Override
  public void discard(long offset, long length) {
    if (offset >= end) {
      base.discard(offset, length);
    }
  }

  @Override
  public void writeZeroes(long offset, long length) {
    if (offset >= end) {
      base.writeZeroes(offset, length);
    } else {
      super.writeZeroes(offset, length);
    }
  }

  /**
   * Writes what is held, from there on at once: the range from the first offset to the second, made
   * durable, before the rest.
   */
  synchronized void commit(long from, long to) {
    base.flush();
    copy(from, to);
    base.flush();
    copy(to, end);
    copy(0, from);
    base.flush();
    committed = true;
  }

  private void copy(long from, long to) {
    MemorySegment page = MemorySegment.ofArray(new byte[STEP]);
    MemorySegment before = MemorySegment.ofArray(new byte[STEP]);
    for (long at = from; at < to; at += STEP) {
      MemorySegment part = page.asSlice(0, Math.min(STEP, to - at));
      MemorySegment there = before.asSlice(0, part.byteSize());
      read(at, part);
      base.read(at, there);
      if (part.mismatch(there) >= 0) {
        base.write(at, part);
      }
    }
  }
}
