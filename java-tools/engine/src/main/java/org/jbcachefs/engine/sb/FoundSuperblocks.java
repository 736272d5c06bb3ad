// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Superblock;

/**
 * Everything that was found in the places where a device's superblock can be, the primary first.
 */
public record FoundSuperblocks(BlockDevice device, List<SuperblockCopy> copies) {
  public FoundSuperblocks {
    copies = List.copyOf(copies);
  }

  /** The valid copy with the highest sequence number; of equals the first. */
  public Optional<Superblock> newest() {
    Superblock newest = null;
    for (SuperblockCopy copy : copies) {
      if (copy.valid()
          && (newest == null || Long.compareUnsigned(copy.superblock().seq(), newest.seq()) > 0)) {
        newest = copy.superblock();
      }
    }
    return Optional.ofNullable(newest);
  }

  /**
   * The same, or an exception that says why there is none: what is wrong with the primary, unless
   * another copy came closer to being one.
   */
  public Superblock require() {
    return newest().orElseThrow(this::problem);
  }

  /** Why there is none. */
  BcachefsException problem() {
    for (SuperblockCopy copy : copies) {
      boolean other =
          copy.problem() instanceof CorruptionException corruption
              && corruption.errorName().equals("invalid_sb_magic");
      if (!other) {
        return copy.problem();
      }
    }
    return copies.isEmpty()
        ? new CorruptionException(
            "invalid_sb_magic", Place.device(device.name(), -1), "no superblock was found")
        : copies.getFirst().problem();
  }
}
