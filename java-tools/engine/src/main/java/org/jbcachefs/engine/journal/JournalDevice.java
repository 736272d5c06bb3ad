// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.List;
import org.jbcachefs.block.BlockDevice;

/**
 * Where one member keeps its journal.
 *
 * @param index of the member
 * @param device what to read from
 * @param bucketSectors length of a bucket in sectors of 512 bytes
 * @param buckets in the order in which they are used, as ranges; not trusted to lie on the device
 */
public record JournalDevice(
    int index, BlockDevice device, int bucketSectors, List<BucketRange> buckets) {
  /** {@code count} buckets from number {@code first} on. */
  public record BucketRange(long first, long count) {}

  public JournalDevice {
    buckets = List.copyOf(buckets);
  }

  long bucketBytes() {
    return Integer.toUnsignedLong(bucketSectors) * 512;
  }

  /** The ranges without what lies beyond the end of the device. */
  List<BucketRange> bucketsOnDevice() {
    long end = bucketBytes() == 0 ? 0 : device.size() / bucketBytes();
    return buckets.stream()
        .filter(range -> range.first >= 0 && range.first < end && range.count > 0)
        .map(range -> new BucketRange(range.first, Math.min(range.count, end - range.first)))
        .toList();
  }

  /** How many buckets there are on the device. */
  long bucketCount() {
    return bucketsOnDevice().stream().mapToLong(BucketRange::count).sum();
  }

  /** Whether some bucket lies beyond the end of the device. */
  boolean reachesBeyondDevice() {
    return !bucketsOnDevice().equals(buckets);
  }
}
