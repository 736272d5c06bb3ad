// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

import java.lang.foreign.MemorySegment;

/**
 * Checksums that need no key. Thread-safe; native segments are read where they lie. Source: {@code
 * bch2_checksum}.
 */
public final class Checksums {
  private Checksums() {}

  /**
   * The checksum of a range of bytes as it is stored: the low {@link ChecksumType#storedBytes}
   * bytes of the result, the rest zero. {@link ChecksumType#NONE} gives 0.
   *
   * @throws IllegalArgumentException for message authentication codes, which need a key
   */
  public static long compute(ChecksumType type, MemorySegment segment, long offset, long length) {
    return switch (type) {
      case NONE -> 0;
      case CRC32C_NONZERO -> Crc32c.ofMetadata(segment, offset, length);
      case CRC32C -> Crc32c.ofData(segment, offset, length);
      case CRC64_NONZERO -> Crc64.ofMetadata(segment, offset, length);
      case CRC64 -> Crc64.ofData(segment, offset, length);
      case XXHASH -> XxHash64.hash(segment, offset, length);
      case CHACHA20_POLY1305_80, CHACHA20_POLY1305_128 ->
          throw new IllegalArgumentException(type + " needs a key");
    };
  }
}
