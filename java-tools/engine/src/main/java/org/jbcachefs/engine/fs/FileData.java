// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.lang.foreign.MemorySegment;

/**
 * File contents. Thread-safe, read-only. What no copy can give whole throws {@link
 * org.jbcachefs.format.error.LostDataException} (never zeros, never wrong bytes).
 */
public interface FileData {
  /**
   * Reads from that byte on; returns how many bytes were read: less than the segment's size only at
   * the end of the file. Holes, reservations and unwritten extents read as zeros.
   */
  int read(FileId file, long offset, MemorySegment into);

  /**
   * The start of the first data at or after that byte, as lseek(SEEK_DATA) would say, or -1 if
   * there is none. Reservations are holes; extents that have room but were never written are data,
   * as in the kernel.
   */
  long nextData(FileId file, long offset);

  /**
   * The start of the first hole at or after that byte, as lseek(SEEK_HOLE) would say; the file's
   * size at the latest, or -1 beyond it.
   */
  long nextHole(FileId file, long offset);
}
