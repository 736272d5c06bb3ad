// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;

/**
 * Those who write back what the kernel keeps must not have to wait for that themselves when memory
 * is short.
 */
public final class IoFlusher {
  /** PR_SET_IO_FLUSHER of prctl(2), Linux 5.6. */
  private static final int SET_IO_FLUSHER = 57;

  private IoFlusher() {}

  /**
   * The calling thread, and all that it starts from now on, are such: their memory comes without
   * writing anything back, and their writes are not slowed down on behalf of others. False where
   * the kernel does not allow that (CAP_SYS_RESOURCE) or does not know it.
   */
  public static boolean become() {
    NativeLong none = new NativeLong(0);
    try {
      return LibC.load().prctl(SET_IO_FLUSHER, new NativeLong(1), none, none, none) == 0;
    } catch (LastErrorException e) {
      return false;
    }
  }
}
