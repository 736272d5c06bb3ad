// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.AllocV4;

/** What this version reads but must not write to, each by its name. */
public final class WriteRefusals {
  private static final long SECTOR = 512;

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
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null && devices.member(index) != null) {
        refuseForeignJournal(devices, index, btrees);
      }
    }
  }

  /** A journal that lies where something else is would overwrite it. */
  private static void refuseForeignJournal(DeviceSet devices, int device, Btrees btrees) {
    Bkey key = new Bkey();
    for (long bucket : devices.superblockOf(device).journalBuckets().buckets()) {
      if (!btrees.lookup(BtreeId.ALLOC.number(), new Bpos(device, bucket, 0), key)
          || !AllocV4.is(key)) {
        continue;
      }
      AllocV4 state = AllocV4.of(key);
      if (state.dirtySectors() > 0 && state.dataType() != DataType.JOURNAL.number()) {
        throw new RefusedException(
            "journal_bucket_in_use",
            Place.device(
                devices.name(device), bucket * devices.member(device).bucketSectors() * SECTOR),
            "the superblock names bucket "
                + bucket
                + " as part of the journal, and its alloc key says that "
                + DataType.nameOf(state.dataType())
                + " is in it, which would be overwritten; check the filesystem first");
      }
    }
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
