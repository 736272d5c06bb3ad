// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.engine.data.CopyCheck;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.value.AllocV4;

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

  /**
   * Whether a cached copy may take the place of one that is lost: its bucket was not used again
   * since it was written, and it is not surely bad. Source: {@code bch2_check_fix_ptrs}.
   *
   * @param pointer a cursor over the key's entries, at the pointer
   */
  public boolean isCurrent(Bkey key, ExtentEntries pointer) {
    List<Member> members = filesystem.superblock().members();
    if (pointer.dev() >= members.size() || !members.get(pointer.dev()).exists()) {
      return false;
    }
    long bucket = pointer.sector() / Math.max(1, members.get(pointer.dev()).bucketSectors());
    Bkey alloc = new Bkey();
    Bpos at = Bpos.of(pointer.dev(), bucket);
    boolean known = filesystem.btrees().lookup(BtreeId.ALLOC.number(), at, alloc);
    int generation = known ? AllocV4.of(alloc).generation() : 0;
    return generation == pointer.gen() && !isBad(key, pointer);
  }
}
