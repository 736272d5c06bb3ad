// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A way of computing over ranges of bytes, of any alignment and length. Ranges of one call have the
 * same length and do not overlap. Thread-safe; nothing is kept.
 *
 * <p>Elements of GF(2^8) are bytes, with the polynomial 0x11d and the generator 2, as RAID-6 has
 * it: of a stripe's data blocks P is the sum and Q the sum of generator^i times block i. Source:
 * {@code raid5_recov}, {@code ec_generate_ec}.
 */
public interface Kernels {
  /** The quickest that there is here. */
  static Kernels best() {
    return BestKernels.FOUND;
  }

  /**
   * Continues a register of CRC-64 of ECMA-182, most significant bit first, over more bytes,
   * without any inversion.
   */
  long crc64(long register, MemorySegment segment, long offset, long length);

  /** {@code to += from}, which is exclusive or. */
  void add(MemorySegment to, MemorySegment from);

  /** {@code p += block; q = q * generator + block}: one data block into both sums (Horner). */
  void addToBoth(MemorySegment p, MemorySegment q, MemorySegment block);

  /** {@code to *= generator}: a data block of zeros into Q. */
  void timesGenerator(MemorySegment to);

  /**
   * {@code to *= factor}.
   *
   * @param factor an element, 0 to 255
   */
  void times(int factor, MemorySegment to);

  /** The size of both in bytes; other arguments are a defect of the caller. */
  static long sameSize(MemorySegment a, MemorySegment b) {
    if (a.byteSize() != b.byteSize()) {
      throw new IllegalArgumentException(
          "ranges of " + a.byteSize() + " and " + b.byteSize() + " bytes");
    }
    return a.byteSize();
  }
}
