// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * The buckets of a device that hold superblocks or the journal: never given out, whatever indexes
 * say. Immutable.
 */
final class FixedBuckets {
  private final SuperblockLayout layout;
  private final JournalBuckets journal;
  private final long bucketSectors;

  FixedBuckets(Superblock superblock, Member member) {
    layout = superblock.layout();
    journal = superblock.journalBuckets();
    bucketSectors = member.bucketSectors();
  }

  boolean contains(long bucket) {
    long start = bucket * bucketSectors;
    long end = start + bucketSectors;
    if (start < Superblock.SECTOR) {
      return true;
    }
    long copySectors = layout.maxBytes() >> 9;
    for (long copy : layout.sectors()) {
      if (copy < end && start < copy + copySectors) {
        return true;
      }
    }
    for (JournalBuckets.Range range : journal.ranges()) {
      if (bucket >= range.start() && bucket < range.end()) {
        return true;
      }
    }
    return false;
  }
}
