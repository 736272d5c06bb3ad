// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;

/** Which checksum a filesystem's metadata is written with. */
final class MetadataChecksum {
  private MetadataChecksum() {}

  static ChecksumType of(Superblock superblock) {
    if (superblock.encrypted()) {
      return superblock.isSet(SuperblockFlag.MACS_128_BIT)
          ? ChecksumType.CHACHA20_POLY1305_128
          : ChecksumType.CHACHA20_POLY1305_80;
    }
    return switch (superblock.metadataChecksumType()) {
      case 0 -> ChecksumType.NONE;
      case 1 -> ChecksumType.CRC32C_NONZERO;
      case 2 -> ChecksumType.CRC64_NONZERO;
      case 3 -> ChecksumType.XXHASH;
      default ->
          throw new RefusedException(
              "unknown_checksum_type",
              Place.NOWHERE,
              "metadata_checksum is number " + superblock.metadataChecksumType());
    };
  }
}
