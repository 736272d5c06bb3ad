// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A device whose writes stay in memory and cover the base, which is never written: to see what
 * something would do. Thread-safe; closing it closes the base.
 */
public class ScratchDevice implements BlockDevice {
  private static final int PAGE = 4096;

  private final BlockDevice base;
  private final Map<Long, byte[]> pages = new HashMap<>();

  public ScratchDevice(BlockDevice base) {
    this.base = base;
  }

  @Override
  public String name() {
    return base.name();
  }

  @Override
  public long size() {
    return base.size();
  }

  @Override
  public int blockSize() {
    return base.blockSize();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public synchronized void read(long offset, MemorySegment into) {
    base.read(offset, into);
    long end = offset + into.byteSize();
    for (long page = offset / PAGE; !pages.isEmpty() && page * PAGE < end; page++) {
      byte[] written = pages.get(page);
      if (written != null) {
        long from = Math.max(offset, page * PAGE);
        long to = Math.min(end, (page + 1) * PAGE);
        MemorySegment source = MemorySegment.ofArray(written);
        MemorySegment.copy(source, from - page * PAGE, into, from - offset, to - from);
      }
    }
  }

  @Override
  public synchronized void write(long offset, MemorySegment from) {
    long end = offset + from.byteSize();
    if (offset < 0 || end > size()) {
      throw new DeviceException(Place.device(name(), offset), "written past the end");
    }
    for (long page = offset / PAGE; page * PAGE < end; page++) {
      byte[] bytes = pages.computeIfAbsent(page, this::readPage);
      long low = Math.max(offset, page * PAGE);
      long high = Math.min(end, (page + 1) * PAGE);
      MemorySegment target = MemorySegment.ofArray(bytes);
      MemorySegment.copy(from, low - offset, target, low - page * PAGE, high - low);
    }
  }

  private byte[] readPage(long page) {
    byte[] bytes = new byte[PAGE];
    long length = Math.min(PAGE, size() - page * PAGE);
    base.read(page * PAGE, MemorySegment.ofArray(bytes).asSlice(0, length));
    return bytes;
  }

  /** Offsets of the pages, of 4 KiB each, that were written at all, in order. */
  public synchronized List<Long> writtenPages() {
    return pages.keySet().stream().sorted().map(page -> page * PAGE).toList();
  }

  /** Overwrites a range with zeros. */
  protected void zero(long offset, long length) {
    write(offset, MemorySegment.ofArray(new byte[Math.toIntExact(length)]));
  }

  @Override
  public void flush() {}

  @Override
  public void discard(long offset, long length) {}

  @Override
  public void writeZeroes(long offset, long length) {
    for (long at = 0; at < length; at += PAGE) {
      zero(offset + at, Math.min(PAGE, length - at));
    }
  }

  @Override
  public void close() {
    base.close();
  }
}
