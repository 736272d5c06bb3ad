// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * Where copies of the superblock can be written without hurting anything: the usual places, of the
 * usual size, as far as the filesystem set them aside; else less room for each, or fewer of them.
 */
final class CopyPlaces {
  private static final int USUAL_BITS = 11;

  /** 64 KiB: room for what a superblock with few members has. */
  private static final int LEAST_BITS = 7;

  private CopyPlaces() {}

  /**
   * The layout for a member.
   *
   * @param bytes size of the superblock
   */
  static SuperblockLayout of(
      SpaceEvidence space,
      int member,
      int blockSectors,
      int bucketSectors,
      long buckets,
      int bytes) {
    SuperblockLayout best = null;
    for (int bits = USUAL_BITS; bits >= LEAST_BITS && bytes <= 512 << bits; bits--) {
      SuperblockLayout usual =
          SuperblockLayout.forDevice(bits, blockSectors, bucketSectors, buckets * bucketSectors);
      List<Long> free = new ArrayList<>();
      for (long sector : usual.sectors()) {
        if (fits(space, member, sector, 1L << bits, bucketSectors)) {
          free.add(sector);
        }
      }
      boolean better = best == null || free.size() > best.sectors().size();
      if (!free.isEmpty() && free.getFirst() == Superblock.SECTOR && better) {
        best = new SuperblockLayout(Superblock.MAGIC, bits, free);
      }
    }
    return best != null
        ? best
        : new SuperblockLayout(Superblock.MAGIC, USUAL_BITS, List.of(Superblock.SECTOR));
  }

  private static boolean fits(
      SpaceEvidence space, int member, long sector, long sectors, int bucketSectors) {
    int first = (int) (sector / bucketSectors);
    int last = (int) ((sector + sectors - 1) / bucketSectors);
    boolean told = !space.superblocks(member).isEmpty();
    for (int bucket = first; bucket <= last; bucket++) {
      boolean free = told ? space.superblocks(member).get(bucket) : !space.isTaken(member, bucket);
      if (!free) {
        return false;
      }
    }
    return true;
  }
}
