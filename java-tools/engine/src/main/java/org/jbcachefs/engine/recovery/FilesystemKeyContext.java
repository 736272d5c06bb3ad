// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.value.KeyContext;

/** What an opened filesystem adds to the text of its keys: names of devices, labels, targets. */
final class FilesystemKeyContext implements KeyContext {
  private final DeviceSet devices;
  private final TargetNames targets;
  private final ExtentEntrySizes sizes;

  FilesystemKeyContext(DeviceSet devices) {
    this.devices = devices;
    this.targets = new TargetNames(devices);
    this.sizes = ExtentEntrySizes.of(devices.superblock()::extentTypeU64s);
  }

  @Override
  public int bucketSectors(int device) {
    Member member = devices.member(device);
    return member == null ? 0 : member.bucketSectors();
  }

  @Override
  public String deviceName(int device) {
    if (devices.device(device) == null) {
      return "dev-" + device;
    }
    String path = devices.name(device);
    return path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public int durability(int device) {
    Member member = devices.member(device);
    return member == null ? 0 : member.durability();
  }

  @Override
  public String targetName(int target) {
    return targets.of(target);
  }

  @Override
  public String labelName(int label) {
    return devices.superblock().diskGroups().path(label).orElse("invalid label " + label);
  }

  @Override
  public int extentBpShift() {
    return devices.superblock().extentBpShift();
  }

  @Override
  public int shardInodeNumbersBits() {
    return (int) devices.superblock().option(FilesystemOption.SHARD_INODE_NUMBERS_BITS).orElse(0);
  }

  @Override
  public int version() {
    return devices.superblock().version();
  }

  @Override
  public ExtentEntrySizes entrySizes() {
    return sizes;
  }
}
