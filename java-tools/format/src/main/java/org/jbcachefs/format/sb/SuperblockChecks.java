// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.UUID;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;

/** What must hold for a superblock, beyond what its decoding finds. */
final class SuperblockChecks {
  private static final UUID NO_UUID = new UUID(0, 0);
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  /** Blocks are 64 KiB at most. */
  private static final int MAX_BLOCK_SECTORS = 128;

  private final Superblock superblock;

  SuperblockChecks(Superblock superblock) {
    this.superblock = superblock;
  }

  /** Checks what needs no section. */
  void fixedPart() {
    versions();
    require(
        !superblock.internalUuid().equals(NO_UUID), "invalid_sb_uuid", "the internal UUID is zero");
    require(!superblock.userUuid().equals(NO_UUID), "invalid_sb_uuid", "the external UUID is zero");
    long readAt = superblock.place().offset();
    require(
        readAt < 0 || readAt == superblock.offsetSector() * 512,
        "invalid_sb_offset",
        "this copy belongs at sector " + Long.toUnsignedString(superblock.offsetSector()));
    require(superblock.deviceCount() > 0, "invalid_sb_too_many_members", "no member devices");
    require(
        superblock.deviceIndex() < superblock.deviceCount(),
        "invalid_sb_dev_idx",
        "device index " + superblock.deviceIndex() + " of " + superblock.deviceCount());
    int precision = superblock.timePrecision();
    require(
        precision > 0 && precision <= NANOS_PER_SECOND,
        "invalid_sb_time_precision",
        "time precision " + Integer.toUnsignedString(precision));
    sizes();
  }

  private void versions() {
    int version = superblock.version();
    int oldest = superblock.versionMin();
    require(
        Math.min(version, oldest) >= MetadataVersion.MIN_NUMBER,
        "invalid_sb_version",
        "version " + MetadataVersion.describe(Math.min(version, oldest)) + " is too old");
    require(
        oldest <= version,
        "invalid_sb_version",
        "the oldest version on disk, "
            + MetadataVersion.describe(oldest)
            + ", is newer than "
            + MetadataVersion.describe(version));
  }

  private void sizes() {
    int block = superblock.blockSectors();
    require(
        Integer.bitCount(block) == 1 && block <= MAX_BLOCK_SECTORS,
        "invalid_sb_block_size",
        "a block size of " + block + " sectors");
    int node = superblock.btreeNodeBytes() >> 9;
    require(
        Integer.bitCount(node) == 1 && node >= block,
        "invalid_sb_btree_node_size",
        "a btree node size of " + node + " sectors with blocks of " + block);
  }

  void members() {
    for (Member member : superblock.members()) {
      if (member.exists()) {
        member(member);
      }
    }
  }

  private void member(Member member) {
    long buckets = member.nbuckets();
    require(
        buckets >= 0
            && buckets <= Member.MAX_BUCKETS
            && buckets - member.firstBucket() >= Member.MIN_BUCKETS,
        "invalid_sb_members",
        "device "
            + member.index()
            + " has buckets "
            + member.firstBucket()
            + " to "
            + Long.toUnsignedString(buckets));
    int nodeSectors = superblock.btreeNodeBytes() >> 9;
    require(
        member.bucketSectors() >= Math.max(superblock.blockSectors(), nodeSectors),
        "invalid_sb_members",
        "device "
            + member.index()
            + " has buckets of "
            + member.bucketSectors()
            + " sectors, smaller than a block or a btree node");
    require(
        member.btreeBitmapShift() < Member.MAX_BITMAP_SHIFT,
        "invalid_sb_members",
        "device " + member.index() + " has btree bitmap shift " + member.btreeBitmapShift());
  }

  /** Refuses by name what a reader of this version would get wrong. */
  void readable() {
    long[] features = superblock.features();
    for (int bit = 0; bit < Long.SIZE * features.length; bit++) {
      boolean set = (features[bit / Long.SIZE] >>> bit & 1) != 0;
      if (set && Feature.of(bit) == null) {
        throw refused(
            "unknown_feature", "incompatible feature bit " + bit + " is not known to this version");
      }
    }
    MetadataVersion newest = MetadataVersion.NEWEST;
    String known =
        "; the newest that this one knows is " + MetadataVersion.describe(newest.number());
    if (MetadataVersion.major(superblock.version()) > MetadataVersion.major(newest.number())) {
      throw refused(
          "incompatible_version",
          "version "
              + MetadataVersion.describe(superblock.version())
              + " is of a newer major format"
              + known);
    }
    if (superblock.versionIncompat() > newest.number()) {
      throw refused(
          "incompatible_version",
          "incompatible features of version "
              + MetadataVersion.describe(superblock.versionIncompat())
              + " are in use"
              + known);
    }
  }

  private RefusedException refused(String reason, String what) {
    return new RefusedException(reason, superblock.place(), what);
  }

  private void require(boolean holds, String name, String what) {
    if (!holds) {
      throw new CorruptionException(name, superblock.place(), what);
    }
  }
}
