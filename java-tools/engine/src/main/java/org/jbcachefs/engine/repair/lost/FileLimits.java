// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;

/** What extents of a filesystem can be, by its superblock. */
final class FileLimits {
  private static final int SECTOR_BYTES = 512;
  private static final int ENCODED_DEFAULT_BYTES = 64 << 10;

  private FileLimits() {}

  static LostFile.Limits of(Superblock superblock, boolean trusted) {
    boolean compressed =
        superblock.has(Feature.LZ4) || superblock.has(Feature.GZIP) || superblock.has(Feature.ZSTD);
    long encoded =
        superblock.option(FilesystemOption.ENCODED_EXTENT_MAX).orElse(ENCODED_DEFAULT_BYTES)
            / SECTOR_BYTES;
    long longest = encoded;
    for (Member member : superblock.members()) {
      longest = Math.max(longest, member.exists() ? member.bucketSectors() : 0);
    }
    long block = Math.max(1, superblock.blockBytes() / SECTOR_BYTES);
    ExtentEntrySizes sizes = ExtentEntrySizes.of(superblock::extentTypeU64s);
    return new LostFile.Limits(compressed ? encoded : 0, longest, block, trusted, sizes);
  }
}
