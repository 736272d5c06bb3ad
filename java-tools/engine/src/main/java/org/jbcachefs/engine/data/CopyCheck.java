// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.extent.ExtentCrc;

/** Whether bytes of a device are what an extent's checksum says. Belongs to one thread. */
public final class CopyCheck {
  private final ExtentDecoder decoder;

  /**
   * @param key null if nothing is encrypted
   */
  public CopyCheck(FilesystemKey key) {
    this.decoder = new ExtentDecoder(key);
  }

  /** Compares all the bytes that the checksum covers. */
  public boolean verify(Bkey extent, ExtentCrc crc, MemorySegment bytes) {
    return decoder.verify(extent, crc, bytes, 0);
  }
}
