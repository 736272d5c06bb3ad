// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.compress.Decompressor;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.StripeValue;

/**
 * What one thread needs to read extents, kept from read to read so that reading allocates nothing.
 * Buffers grow to the largest extent seen, 4 MiB at most, or a stripe's checksum granule.
 */
final class Scratch {
  private static final int MIN_BUFFER = 64 << 10;

  /** Direct I/O wants it. */
  private static final int ALIGNMENT = 4096;

  final ExtentEntries entries = new ExtentEntries();
  final Replicas replicas = new Replicas();
  final Decompressor decompressor = new Decompressor();
  final StripeValue stripe = new StripeValue();
  final BlockChecksums.Wanted blocks = new BlockChecksums.Wanted();
  final Bkey looked = new Bkey();
  final Bkey indirect = new Bkey();

  /** As the data lies on the device. */
  final Buffer stored = new Buffer();

  /** Decompressed. */
  final Buffer plain = new Buffer();

  /** A block of a stripe. */
  final Buffer block = new Buffer();

  /** Sums of a stripe's blocks. */
  final Buffer sumP = new Buffer();

  final Buffer sumQ = new Buffer();

  private int generationDev = -1;
  private long generationBucket;
  private int generation;

  /** The generation of a bucket; neighbours are in the same one more often than not. */
  int generation(BucketGenerations generations, int dev, long bucket) {
    if (dev != generationDev || bucket != generationBucket) {
      generation = generations.of(dev, bucket, looked);
      generationDev = dev;
      generationBucket = bucket;
    }
    return generation;
  }

  /** Native memory that is replaced by a larger piece when it has to be. */
  static final class Buffer {
    private MemorySegment segment = MemorySegment.NULL;

    /** At least that many bytes; content is undefined. */
    MemorySegment atLeast(long bytes) {
      if (segment.byteSize() < bytes) {
        long size = Math.max(MIN_BUFFER, Long.highestOneBit(Math.max(1, bytes - 1)) << 1);
        segment = Arena.ofAuto().allocate(size, ALIGNMENT);
      }
      return segment;
    }
  }
}
