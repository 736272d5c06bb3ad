// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Chunks of buckets whose sums fit into memory together: from one chunk to another, in the order of
 * devices and buckets.
 *
 * @param first first chunk, its device in the upper half
 * @param end first chunk behind
 */
record BucketSlice(long first, long end) {
  static final BucketSlice ALL = new BucketSlice(0, Long.MAX_VALUE);

  boolean contains(int device, int chunk) {
    long at = at(device, chunk);
    return at >= first && at < end;
  }

  private static long at(int device, int chunk) {
    return ((long) device << Integer.SIZE) | chunk;
  }

  /**
   * Cuts all chunks into slices.
   *
   * @param used by device, which chunks have buckets in use
   * @param most so many of them fit into memory
   */
  static List<BucketSlice> cut(BitSet[] used, long most) {
    List<BucketSlice> slices = new ArrayList<>();
    long begin = 0;
    long inSlice = 0;
    for (int device = 0; device < used.length; device++) {
      for (int chunk = used[device].nextSetBit(0);
          chunk >= 0;
          chunk = used[device].nextSetBit(chunk + 1)) {
        if (inSlice == most) {
          slices.add(new BucketSlice(begin, at(device, chunk)));
          begin = at(device, chunk);
          inSlice = 0;
        }
        inSlice++;
      }
    }
    slices.add(new BucketSlice(begin, Long.MAX_VALUE));
    return slices;
  }
}
