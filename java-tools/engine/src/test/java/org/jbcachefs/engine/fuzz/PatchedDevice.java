// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A device that shows another one with some bytes replaced, and can be turned back into showing it
 * as it is. Read-only. Patches are set by one thread while no other reads.
 */
final class PatchedDevice implements BlockDevice {
  private final BlockDevice below;
  private final TreeMap<Long, byte[]> patches = new TreeMap<>();
  private long longest;

  PatchedDevice(BlockDevice below) {
    this.below = below;
  }

  /** Shows these bytes from that one on; later patches hide earlier ones where they overlap. */
  void patch(long offset, byte[] bytes) {
    patches.put(offset, bytes);
    longest = Math.max(longest, bytes.length);
  }

  /** Forgets all patches. */
  void reset() {
    patches.clear();
    longest = 0;
  }

  @Override
  public String name() {
    return below.name();
  }

  @Override
  public long size() {
    return below.size();
  }

  @Override
  public int blockSize() {
    return below.blockSize();
  }

  @Override
  public boolean readOnly() {
    return true;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    below.read(offset, into);
    long end = offset + into.byteSize();
    for (Map.Entry<Long, byte[]> patch :
        patches.subMap(offset - longest, true, end, false).entrySet()) {
      long from = Math.max(offset, patch.getKey());
      long to = Math.min(end, patch.getKey() + patch.getValue().length);
      if (from < to) {
        MemorySegment.copy(
            MemorySegment.ofArray(patch.getValue()),
            from - patch.getKey(),
            into,
            from - offset,
            to - from);
      }
    }
  }

  @Override
  public void write(long offset, MemorySegment from) {
    throw refused(offset);
  }

  @Override
  public void flush() {}

  @Override
  public void discard(long offset, long length) {
    throw refused(offset);
  }

  @Override
  public void writeZeroes(long offset, long length) {
    throw refused(offset);
  }

  private DeviceException refused(long offset) {
    return new DeviceException(Place.device(name(), offset), "nothing is written while fuzzing");
  }

  /** The device below stays open. */
  @Override
  public void close() {}
}
