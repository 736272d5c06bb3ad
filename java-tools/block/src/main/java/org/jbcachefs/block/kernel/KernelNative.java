// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.kernel;

/**
 * The functions of libjbcachefs for checksums and parity, bare: memory by address, lengths in
 * bytes. This file depends on nothing, since the native build makes its header from it alone.
 */
final class KernelNative {
  private KernelNative() {}

  static native long crc64(long register, long from, long bytes);

  static native void add(long to, long from, long bytes);

  static native void addToBoth(long p, long q, long block, long bytes);

  static native void timesGenerator(long to, long bytes);

  static native void times(int factor, long to, long bytes);
}
