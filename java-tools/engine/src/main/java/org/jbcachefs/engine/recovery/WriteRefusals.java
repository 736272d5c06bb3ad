// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;

/** What this version reads but must not write to, each by its name. */
public final class WriteRefusals {
  private WriteRefusals() {}

  static void check(DeviceSet devices, Btrees btrees) {
    checkForRepair(devices, btrees);
    Superblock superblock = devices.superblock();
    Place place = superblock.place();
    long passes = superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
    if (passes != 0) {
      throw new RefusedException(
          "recovery_passes_required",
          place,
          "the filesystem wants to be checked first: "
              + superblock.ext().orElseThrow().requiredPasses());
    }
    if (superblock.isSet(SuperblockFlag.HAS_TOPOLOGY_ERRORS)) {
      throw new RefusedException(
          "topology_errors", place, "the btrees are known to be damaged; check it first");
    }
    refuseStripes(btrees, place);
  }

  /** What not even a repair may write to. */
  static void checkForRepair(DeviceSet devices, Btrees btrees) {
    Superblock superblock = devices.superblock();
    Place place = superblock.place();
    int newest = MetadataVersion.NEWEST.number();
    if (superblock.version() > newest) {
      throw new RefusedException(
          "downgrade_required",
          place,
          "the filesystem is at version "
              + MetadataVersion.describe(superblock.version())
              + ", and only versions up to "
              + MetadataVersion.describe(newest)
              + " are written; it can be read");
    }
    if (CompatibleUpgrade.isNeeded(superblock)) {
      CompatibleUpgrade.check(superblock, btrees);
    }
    checkMembers(devices);
  }

  /** Images and devices that cannot be written to. */
  static void checkMembers(DeviceSet devices) {
    Superblock superblock = devices.superblock();
    Place place = superblock.place();
    for (Feature feature : new Feature[] {Feature.SMALL_IMAGE, Feature.NO_ALLOC_INFO}) {
      if (superblock.has(feature)) {
        throw new RefusedException(
            "feature_" + feature, place, "an image made for reading only (" + feature + ")");
      }
    }
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null && devices.device(index).readOnly()) {
        throw new RefusedException(
            "device_read_only",
            Place.device(devices.name(index), -1),
            "the device is open for reading only");
      }
    }
  }

  /**
   * Erasure coding is only read.
   *
   * @throws RefusedException if there are stripes
   */
  public static void refuseStripes(Btrees btrees, Place place) {
    try (KeyIterator stripes = btrees.iterate(BtreeId.STRIPES.number(), Bpos.MIN, Bpos.MAX)) {
      if (stripes.next()) {
        throw new RefusedException(
            "erasure_coding_read_only",
            place,
            "there is erasure coded data, which this version reads but does not write");
      }
    }
  }
}
