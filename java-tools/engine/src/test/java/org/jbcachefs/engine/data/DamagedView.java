// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/** A device seen through damage: ranges that fail to read, and bytes that read wrong. */
final class DamagedView implements BlockDevice {
  private final BlockDevice device;
  private final List<Damage> damages = new CopyOnWriteArrayList<>();

  /** {@code mask} is xored to every byte of the range; 0 means that reading fails. */
  private record Damage(long offset, long length, int mask) {}

  DamagedView(BlockDevice device) {
    this.device = device;
  }

  /** The members of a golden filesystem, whole so far. */
  static List<DamagedView> of(String image) {
    List<DamagedView> views = new ArrayList<>();
    GoldenImages.open(image).forEach(device -> views.add(new DamagedView(device)));
    return views;
  }

  void failReads(long offset, long length) {
    damages.add(new Damage(offset, length, 0));
  }

  void flip(long offset, long length, int mask) {
    damages.add(new Damage(offset, length, mask));
  }

  void heal() {
    damages.clear();
  }

  @Override
  public void read(long offset, MemorySegment into) {
    device.read(offset, into);
    for (Damage damage : damages) {
      long from = Math.max(offset, damage.offset);
      long to = Math.min(offset + into.byteSize(), damage.offset + damage.length);
      if (from < to && damage.mask == 0) {
        throw new DeviceException(Place.device(name(), from), "a test made this unreadable");
      }
      for (long at = from; at < to; at++) {
        Le.putU8(into, at - offset, Le.u8(into, at - offset) ^ damage.mask);
      }
    }
  }

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
    return true;
  }

  @Override
  public void write(long offset, MemorySegment from) {
    throw readOnlyDevice();
  }

  @Override
  public void flush() {
    device.flush();
  }

  @Override
  public void discard(long offset, long length) {
    throw readOnlyDevice();
  }

  @Override
  public void writeZeroes(long offset, long length) {
    throw readOnlyDevice();
  }

  private DeviceException readOnlyDevice() {
    return new DeviceException(Place.device(name(), -1), "read-only");
  }

  @Override
  public void close() {
    device.close();
  }
}
