// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;

/** What a mount says of itself. */
final class MountText {
  private MountText() {}

  /** Which filesystem it is: uuid, version, members. */
  static String of(Superblock superblock, DeviceSet devices) {
    int there = 0;
    int members = 0;
    for (int index = 0; index < devices.size(); index++) {
      members += devices.member(index) == null ? 0 : 1;
      there += devices.device(index) == null ? 0 : 1;
    }
    String missing = there == members ? "" : ", " + (members - there) + " missing";
    return "filesystem %s, version %s, %d %s%s"
        .formatted(
            superblock.userUuid(),
            MetadataVersion.describe(superblock.version()),
            members,
            members == 1 ? "member" : "members",
            missing);
  }
}
