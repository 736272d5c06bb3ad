// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.kernel.JavaKernels;
import org.jbcachefs.format.kernel.Kernels;

/** CRC-64 of ECMA-182, most significant bit first, in the format's two roles. */
public final class Crc64 {
  /** Names and headers; not worth looking for anything better. */
  private static final long SHORT_BYTES = 256;

  private Crc64() {}

  /** Starts from all ones and inverts at the end. */
  public static long ofMetadata(MemorySegment segment, long offset, long length) {
    return ~update(-1, segment, offset, length);
  }

  /** Starts from zero and inverts nothing. */
  public static long ofData(MemorySegment segment, long offset, long length) {
    return update(0, segment, offset, length);
  }

  /** Continues a CRC register over more bytes, without any inversion. */
  public static long update(long register, MemorySegment segment, long offset, long length) {
    Kernels kernels = length < SHORT_BYTES ? JavaKernels.INSTANCE : Kernels.best();
    return kernels.crc64(register, segment, offset, length);
  }
}
