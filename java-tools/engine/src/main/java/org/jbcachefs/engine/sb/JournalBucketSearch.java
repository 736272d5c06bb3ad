// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.sb.JournalBuckets;
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.SectionType;

/**
 * The journal's buckets of a device whose superblock does not tell: those that begin with an entry.
 */
public final class JournalBucketSearch {
  private static final int SECTOR = 512;
  private static final int HEAD_BYTES = Jset.OFFSET_MAGIC + Long.BYTES;

  private JournalBucketSearch() {}

  /**
   * Numbers of the buckets that begin with a journal entry of that filesystem, ascending.
   *
   * @param uuidWord the first eight bytes of the internal uuid
   */
  public static List<Long> run(BlockDevice device, int bucketSectors, long uuidWord) {
    List<Long> buckets = new ArrayList<>();
    long magic = Jset.magic(uuidWord);
    long bucketBytes = (long) bucketSectors * SECTOR;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(HEAD_BYTES);
      for (long bucket = 0; (bucket + 1) * bucketBytes <= device.size(); bucket++) {
        if (begins(device, bucket * bucketBytes, head, magic)) {
          buckets.add(bucket);
        }
      }
    }
    return buckets;
  }

  /** Whether a bucket begins with a journal entry of that filesystem. */
  public static boolean begins(BlockDevice device, int bucketSectors, long bucket, long uuidWord) {
    try (Arena arena = Arena.ofConfined()) {
      long at = bucket * bucketSectors * SECTOR;
      return begins(device, at, arena.allocate(HEAD_BYTES), Jset.magic(uuidWord));
    }
  }

  private static boolean begins(BlockDevice device, long at, MemorySegment head, long magic) {
    try {
      device.read(at, head);
      return Le.u64(head, Jset.OFFSET_MAGIC) == magic;
    } catch (DeviceException _) {
      return false;
    }
  }

  /** A section that names those buckets. */
  public static JournalSection section(List<Long> buckets) {
    List<JournalBuckets.Range> ranges = new ArrayList<>();
    for (long bucket : buckets) {
      if (!ranges.isEmpty() && ranges.getLast().end() == bucket) {
        JournalBuckets.Range last = ranges.removeLast();
        ranges.add(new JournalBuckets.Range(last.start(), last.count() + 1));
      } else {
        ranges.add(new JournalBuckets.Range(bucket, 1));
      }
    }
    return new JournalSection(
        SectionType.JOURNAL_V2.number(), new JournalBuckets(ranges), Bytes.EMPTY);
  }
}
