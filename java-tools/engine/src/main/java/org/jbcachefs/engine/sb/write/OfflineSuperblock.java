// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.time.InstantSource;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;

/** The superblocks of a filesystem that nobody has open, to be changed on all of its members. */
public final class OfflineSuperblock {
  private OfflineSuperblock() {}

  /**
   * A writer for them.
   *
   * @param devices all members, open for writing
   * @throws RefusedException if one is missing, since it would be left behind, or if the filesystem
   *     is of another version, whose superblocks follow other rules
   */
  public static SuperblockWriter open(List<BlockDevice> devices, InstantSource clock) {
    DeviceSet set = assembled(devices);
    int version = set.superblock().version();
    if (version != MetadataVersion.writtenAs(version)) {
      throw otherVersion(
          set.superblock(),
          "superblocks of "
              + MetadataVersion.describe(MetadataVersion.CURRENT.number())
              + " alone");
    }
    return new SuperblockWriter(set, clock);
  }

  /**
   * A writer for what has been of the same form in all versions, of which the filesystem may be an
   * older one.
   *
   * @param devices all members, open for writing
   * @throws RefusedException if one is missing, or if the filesystem is of a newer version
   */
  public static SuperblockWriter openOlder(List<BlockDevice> devices, InstantSource clock) {
    DeviceSet set = assembled(devices);
    if (set.superblock().version() > MetadataVersion.NEWEST.number()) {
      throw otherVersion(
          set.superblock(),
          "superblocks up to " + MetadataVersion.describe(MetadataVersion.NEWEST.number()));
    }
    return new SuperblockWriter(set, clock);
  }

  private static DeviceSet assembled(List<BlockDevice> devices) {
    DeviceSet set = DeviceSetAssembly.assemble(devices);
    set.superblock().refuseUnreadable();
    for (int index = 0; index < set.size(); index++) {
      if (set.member(index) != null && set.device(index) == null) {
        throw new RefusedException(
            "member_missing", Place.NOWHERE, "member " + index + " is missing; name all of them");
      }
    }
    return set;
  }

  private static RefusedException otherVersion(Superblock superblock, String changed) {
    return new RefusedException(
        "upgrade_required",
        superblock.place(),
        "the filesystem is at version "
            + MetadataVersion.describe(superblock.version())
            + ", and "
            + changed
            + " are changed");
  }
}
