// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.tables.Target;

/** What people call a target: a device by its name, a label by its path. */
final class TargetNames {
  private final DeviceSet devices;

  TargetNames(DeviceSet devices) {
    this.devices = devices;
  }

  String of(int number) {
    Target target = Target.of(number);
    return switch (target.kind()) {
      case NONE -> "none";
      case DEVICE -> device(target.index());
      case LABEL ->
          devices
              .superblock()
              .diskGroups()
              .path(target.index())
              .orElse("invalid label " + target.index());
    };
  }

  private String device(int index) {
    if (devices.device(index) != null) {
      return devices.name(index);
    }
    return (devices.member(index) != null ? "offline device " : "invalid device ") + index;
  }
}
