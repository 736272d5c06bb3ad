// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

/**
 * The functions of libjbcachefs for the kernel shim, bare: plain numbers in, a result or a negative
 * errno out, memory by address. This file depends on nothing, since the native build makes its
 * header from it alone.
 */
final class ShimNative {
  private ShimNative() {}

  /** What {@link #await} answers with. */
  static final int READY = 1;

  static final int WOKEN = 2;

  /** Opens a character node for reading and writing; the path is a C string. */
  static native int openNode(long path, boolean nonBlocking);

  /** Opens a block node for reading, as a claim needs it; the path is a C string. */
  static native int openDevice(long path);

  static native int close(int fd);

  /** ioctl(2) with a pointer. */
  static native int control(int fd, long command, long argument);

  /** read(2), once. */
  static native int read(int fd, long into, int bytes);

  /** Makes a descriptor by which waits can be ended, for good. */
  static native int openWaker();

  static native int wake(int waker);

  /** Waits until a descriptor can be read from, or for {@link #wake}, which counts first. */
  static native int await(int fd, int waker);

  /** Does one request and waits for it. */
  static native int request(
      int shim, int claim, int operation, int flags, long offset, long buffer, long bytes);
}
