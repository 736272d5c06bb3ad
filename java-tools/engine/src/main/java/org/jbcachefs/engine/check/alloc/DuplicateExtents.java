// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.data.CopyCheck;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FsckError;

/**
 * Judges two keys that point to the same place of a device: whose data is it? Told by checksums,
 * which means reading it. Belongs to one thread.
 */
final class DuplicateExtents {
  private final CheckContext context;
  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes sizes;
  private final CopyCheck copies;

  DuplicateExtents(CheckContext context) {
    this.context = context;
    this.sizes = ExtentEntrySizes.of(context.superblock()::extentTypeU64s);
    this.copies = new CopyCheck(context.filesystem().key().orElse(null));
  }

  /** The error that it is: by whether both checksums are right, and both are extents. */
  FsckError judge(Bkey one, int levelOfOne, Bkey other, int levelOfOther, int device) {
    if (levelOfOne > 0 || levelOfOther > 0) {
      return FsckError.PTR_TO_MISSING_BACKPOINTER;
    }
    if (isBad(one, device) || isBad(other, device)) {
      return FsckError.DUP_BACKPOINTER_TO_BAD_CSUM_EXTENT;
    }
    boolean extents =
        one.type() == KeyType.EXTENT.number() && other.type() == KeyType.EXTENT.number();
    return extents ? FsckError.DUP_EXTENTS_TO_REFLINK : FsckError.PTR_TO_MISSING_BACKPOINTER;
  }

  /** Whether a key's copy on that device is not what its checksum says. */
  private boolean isBad(Bkey key, int device) {
    entries.of(key, sizes);
    while (entries.nextPtr()) {
      if (entries.dev() == device && entries.crc().checksumType() != 0) {
        return isBadCopy(key);
      }
    }
    return false;
  }

  private boolean isBadCopy(Bkey key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(512L * entries.crc().compressedSectors(), 8);
      context.filesystem().devices().read(entries.dev(), entries.sector(), bytes);
      return !copies.verify(key, entries.crc(), bytes);
    } catch (DeviceException e) {
      // A copy that cannot be read proves nothing about whose it is.
      return false;
    }
  }
}
