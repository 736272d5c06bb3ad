// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;

/**
 * The member devices of one filesystem by device index. Some may be missing. Immutable and
 * thread-safe; the devices belong to whoever opened them.
 */
public final class DeviceSet {
  private final Superblock newest;
  private final List<OpenMember> slots;

  /** A member that is here, with its own copy of the superblock. */
  record OpenMember(BlockDevice device, Superblock superblock) {}

  /** {@code slots} by device index, null where a member is missing. */
  DeviceSet(Superblock newest, List<OpenMember> slots) {
    this.newest = newest;
    this.slots = java.util.Collections.unmodifiableList(new java.util.ArrayList<>(slots));
  }

  /** Number of device indexes, missing and free ones included. */
  public int size() {
    return slots.size();
  }

  /** The device with that index, or null if it is not here. */
  public BlockDevice device(int index) {
    OpenMember open = slot(index);
    return open == null ? null : open.device;
  }

  /** Whether that device is one of them. */
  public boolean holds(BlockDevice device) {
    return slots.stream().anyMatch(open -> open != null && open.device.equals(device));
  }

  /** The member with that index, or null if the filesystem has none. */
  public Member member(int index) {
    return index >= 0 && index < newest.members().size() && newest.members().get(index).exists()
        ? newest.members().get(index)
        : null;
  }

  /** What people know the device by: its path, or "device N" if it is missing. */
  public String name(int index) {
    OpenMember open = slot(index);
    return open == null ? "device " + index : open.device.name();
  }

  /** The newest superblock of the filesystem. */
  public Superblock superblock() {
    return newest;
  }

  /** The device's own superblock (its journal section is its own), or null if it is not here. */
  public Superblock superblockOf(int index) {
    OpenMember open = slot(index);
    return open == null ? null : open.superblock;
  }

  /**
   * Fills the segment from that sector on.
   *
   * @throws DeviceException if the device is missing or fails
   */
  public void read(int index, long sector, MemorySegment into) {
    BlockDevice device = device(index);
    if (device == null) {
      throw new DeviceException(Place.device(name(index), sector << 9), "the device is missing");
    }
    device.read(sector << 9, into);
  }

  /**
   * Writes the segment from that sector on; durable only after the device's next flush.
   *
   * @throws DeviceException if the device is missing or fails
   */
  public void write(int index, long sector, MemorySegment from) {
    BlockDevice device = device(index);
    if (device == null) {
      throw new DeviceException(Place.device(name(index), sector << 9), "the device is missing");
    }
    device.write(sector << 9, from);
  }

  private OpenMember slot(int index) {
    return index >= 0 && index < slots.size() ? slots.get(index) : null;
  }
}
