// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MemberError;

/**
 * The member devices of one filesystem by device index. Some may be missing. Immutable but for what
 * is known of the devices' behaviour and what is counted, and thread-safe; the devices belong to
 * whoever opened them.
 */
public final class DeviceSet {
  private final Superblock newest;
  private final List<OpenMember> slots;
  private final MemberHealth health;
  private final Activity activity;

  /** A member that is here, with its own copy of the superblock. */
  record OpenMember(BlockDevice device, Superblock superblock) {}

  /** {@code slots} by device index, null where a member is missing. */
  DeviceSet(Superblock newest, List<OpenMember> slots) {
    this.newest = newest;
    this.slots = java.util.Collections.unmodifiableList(new java.util.ArrayList<>(slots));
    this.health = new MemberHealth(slots.size());
    this.activity = new Activity(slots.size());
  }

  /** How the devices behave. */
  public MemberHealth health() {
    return health;
  }

  /** What is done with the filesystem. */
  public Activity activity() {
    return activity;
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

  /** Whether what is written to any of them goes past the page cache. */
  public boolean writesPastCache() {
    return slots.stream().allMatch(open -> open == null || open.device.writesPastCache());
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
    readBytes(index, sector << 9, into);
  }

  /**
   * Fills the segment from that byte on.
   *
   * @throws DeviceException if the device is missing or fails
   */
  public void readBytes(int index, long offset, MemorySegment into) {
    BlockDevice device = present(index, offset);
    try {
      device.read(offset, into);
    } catch (DeviceException e) {
      health.failed(index, MemberError.READ, e);
      throw e;
    }
  }

  /**
   * Writes the segment from that sector on; durable only after the device's next flush.
   *
   * @throws DeviceException if the device is missing or fails
   */
  public void write(int index, long sector, MemorySegment from) {
    write(index, sector, from, IoFlags.NONE);
  }

  /**
   * Writes the segment from that sector on.
   *
   * @param flags of {@link IoFlags}
   * @throws DeviceException if the device is missing or fails
   */
  public void write(int index, long sector, MemorySegment from, int flags) {
    BlockDevice device = present(index, sector << 9);
    try {
      device.write(sector << 9, from, flags);
    } catch (DeviceException e) {
      health.failed(index, MemberError.WRITE, e);
      throw e;
    }
    health.wrote(index);
  }

  /**
   * Makes durable what was written to a device.
   *
   * @throws DeviceException if the device is missing or fails
   */
  public void flush(int index) {
    BlockDevice device = present(index, 0);
    try {
      device.flush();
    } catch (DeviceException e) {
      health.failed(index, MemberError.WRITE, e);
      throw e;
    }
  }

  private BlockDevice present(int index, long offset) {
    BlockDevice device = device(index);
    if (device == null) {
      throw new DeviceException(Place.device(name(index), offset), "the device is missing");
    }
    return device;
  }

  private OpenMember slot(int index) {
    return index >= 0 && index < slots.size() ? slots.get(index) : null;
  }
}
