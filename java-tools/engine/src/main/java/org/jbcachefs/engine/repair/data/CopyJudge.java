// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.data.CopyCheck;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentPtr;

/** Whether a copy of an extent's data is what its checksum says. Belongs to one thread. */
public final class CopyJudge {
  private static final int SECTOR_BYTES = 512;

  private final WritableFilesystem filesystem;
  private final CopyCheck copies;

  /** Of the extents of a filesystem. */
  public CopyJudge(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.copies = new CopyCheck(filesystem.key().orElse(null));
  }

  /**
   * Whether it surely is not. A copy that cannot be read, or has no checksum, proves nothing.
   *
   * @param pointer a cursor over the key's entries, at the pointer
   */
  public boolean isBad(Bkey key, ExtentEntries pointer) {
    if (pointer.dev() == ExtentPtr.NO_DEVICE
        || filesystem.devices().device(pointer.dev()) == null
        || pointer.crc().checksumType() == 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      long length = (long) SECTOR_BYTES * pointer.crc().compressedSectors();
      MemorySegment bytes = arena.allocate(length, Long.BYTES);
      filesystem.devices().read(pointer.dev(), pointer.sector(), bytes);
      return !copies.verify(key, pointer.crc(), bytes);
    } catch (DeviceException _) {
      return false;
    }
  }
}
