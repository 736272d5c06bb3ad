// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

/**
 * What a request asks for besides its data, to be added up. The numbers are those of the kernel
 * shim (JBCACHEFS_IO_*); a device that knows no such thing does as much as it needs to keep the
 * promise.
 */
public final class IoFlags {
  public static final int NONE = 0;

  /** Writes: whatever completed before this was submitted is durable before this is written. */
  public static final int PREFLUSH = 1;

  /** Writes: durable when it completes. Says nothing about any other write. */
  public static final int FUA = 1 << 1;

  /** Hint: metadata, for the accounting of block traces. */
  public static final int META = 1 << 2;

  /** Hint: somebody waits for this. */
  public static final int SYNC = 1 << 3;

  /** Hint: ahead of other requests. */
  public static final int PRIO = 1 << 4;

  /** Every flag that a read may have. */
  public static final int OF_READS = META | SYNC | PRIO;

  /** Every flag that a write may have. */
  public static final int OF_WRITES = OF_READS | PREFLUSH | FUA;

  private IoFlags() {}

  public static void check(int flags, int allowed) {
    if ((flags & ~allowed) != 0) {
      throw new IllegalArgumentException("flags 0x" + Integer.toHexString(flags));
    }
  }
}
