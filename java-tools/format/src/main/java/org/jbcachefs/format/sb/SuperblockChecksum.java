// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/** The superblock's checksum: over everything behind the checksum itself. */
final class SuperblockChecksum {
  /** Bytes of {@code struct bch_csum}. */
  static final int BYTES = 16;

  static final int OFFSET_LO = 0;
  static final int OFFSET_HI = 8;

  private SuperblockChecksum() {}

  /** The type of that number, if superblocks may use it: none of those that need a key. */
  static ChecksumType type(int number, Place place) {
    ChecksumType type = ChecksumType.of(number);
    if (type == null || type.isMac()) {
      throw new CorruptionException(
          "invalid_sb_csum_type", place, "unknown checksum type " + number);
    }
    return type;
  }

  static long compute(ChecksumType type, Bytes bytes) {
    return Checksums.compute(type, bytes.segment(), BYTES, bytes.length() - BYTES);
  }

  /** Without a checksum its place must be zero, so that a flipped type does not go unseen. */
  static void verify(Bytes bytes, ChecksumType type, Place place) {
    long expected = compute(type, bytes);
    long found = bytes.u64(OFFSET_LO);
    if (found != expected || bytes.u64(OFFSET_HI) != 0) {
      throw new CorruptionException(
          "invalid_sb_csum",
          place,
          "the "
              + type
              + " checksum is "
              + Long.toHexString(found)
              + ", expected "
              + Long.toHexString(expected));
    }
  }
}
