// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.extent.ExtentCrc;

/**
 * Told of data that had to be read and checked as a whole though its key only needs a part. Called
 * by any thread.
 */
@FunctionalInterface
public interface PartialReads {
  /** Nobody. */
  PartialReads IGNORED = (_, _, _, _) -> {};

  /**
   * Data that is neither compressed nor encrypted was read and has its checksum.
   *
   * @param key that was read, valid during the call
   * @param crc what holds for the pointer, valid during the call
   * @param ptr the pointer's word
   * @param data all that the checksum is for, valid during the call
   */
  void read(Bkey key, ExtentCrc crc, long ptr, MemorySegment data);
}
