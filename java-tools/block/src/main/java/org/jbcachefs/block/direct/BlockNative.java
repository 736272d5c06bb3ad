// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

/**
 * The functions of libjbcachefs for block I/O, bare: plain numbers in, a result or a negative errno
 * out, memory by address. The classes of this package give them their meaning. This file depends on
 * nothing, since the native build makes its header from it alone.
 */
final class BlockNative {
  static final int OPEN_WRITE = 1;
  static final int OPEN_DIRECT = 2;

  /** Ways of a queue to the kernel shim, the best first. */
  static final int BY_URING = 0;

  static final int BY_RING = 1;
  static final int BY_BATCH = 2;

  private BlockNative() {}

  /** Opens a regular file or block node, whose path is a C string; returns the descriptor. */
  static native int open(long path, int flags);

  /** Fills a struct block_description. */
  static native int describe(int fd, boolean direct, long description);

  /** Locks the whole file against other writers. */
  static native int lock(int fd);

  static native int close(int fd);

  static native int read(int fd, long offset, long into, long bytes);

  static native int write(int fd, long offset, long from, long bytes, boolean durable);

  static native int flush(int fd);

  static native int discard(int fd, long offset, long bytes);

  static native int writeZeroes(int fd, long offset, long bytes);

  /** Makes a queue to descriptors, worked by io_uring, for the calling thread. */
  static native long openUring(long slots, long prepared, long done, int capacity);

  /** Makes a queue to claims of a shim descriptor, for the calling thread. */
  static native long openShim(
      long slots, long prepared, long done, int capacity, int shim, int way);

  static native int registerDevices(long queue, long descriptors, int count);

  static native int registerBuffers(long queue, long addresses, long bytes, int count);

  /** Starts that many prepared slots and waits for that many to end; returns how many ended. */
  static native int exchange(long queue, int count, int waitFor);

  static native void closeQueue(long queue);
}
