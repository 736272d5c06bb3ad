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
 * The journal's buckets of a device that has lost its superblock: those that begin with an entry.
 */
public final class JournalBucketSearch {
  private static final int SECTOR = 512;

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
      MemorySegment head = arena.allocate(Jset.OFFSET_MAGIC + Long.BYTES);
      for (long bucket = 0; (bucket + 1) * bucketBytes <= device.size(); bucket++) {
        if (begins(device, bucket * bucketBytes, head, magic)) {
          buckets.add(bucket);
        }
      }
    }
    return buckets;
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
    List<JournalBuckets.Range> ranges =
        buckets.stream().map(bucket -> new JournalBuckets.Range(bucket, 1)).toList();
    return new JournalSection(
        SectionType.JOURNAL_V2.number(), new JournalBuckets(ranges), Bytes.EMPTY);
  }
}
