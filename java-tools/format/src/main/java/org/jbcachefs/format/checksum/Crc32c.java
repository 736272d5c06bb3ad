// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli) in the format's two roles, by the JDK's CRC32C, which the processor's own
 * instruction computes.
 */
public final class Crc32c {
  /**
   * The JDK always starts from all ones. These four bytes cancel that: the register is all zeros
   * after them, which is where the data role starts.
   */
  private static final byte[] CANCEL_INITIAL_ONES = {-1, -1, -1, -1};

  private Crc32c() {}

  /** Starts from all ones and inverts at the end: the usual CRC-32C. */
  public static long ofMetadata(MemorySegment segment, long offset, long length) {
    CRC32C crc = new CRC32C();
    crc.update(segment.asSlice(offset, length).asByteBuffer());
    return crc.getValue();
  }

  /** Starts from zero and inverts nothing. */
  public static long ofData(MemorySegment segment, long offset, long length) {
    CRC32C crc = new CRC32C();
    crc.update(CANCEL_INITIAL_ONES, 0, CANCEL_INITIAL_ONES.length);
    crc.update(segment.asSlice(offset, length).asByteBuffer());
    return crc.getValue() ^ 0xffff_ffffL;
  }
}
