// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

/**
 * Hashes whose sums tell sets apart: two sets that differ have the same sum with a chance of one in
 * 2^64. Not for adversaries: whoever can choose keys can also write sound ones.
 */
final class Hashes {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private Hashes() {}

  static long of(long a, long b, long c) {
    return mix(mix(mix(a + GOLDEN) ^ b) ^ c);
  }

  static long of(long a, long b, long c, long d, long e, long f) {
    return mix(mix(mix(of(a, b, c) ^ d) ^ e) ^ f);
  }

  /** Of an inode and its three counters. */
  static long ofInode(long inode, long extents, long length, long sectors) {
    return mix(of(inode, extents, length) ^ sectors);
  }

  /** A bijection that spreads every bit over all others; the finalizer of SplitMix64. */
  private static long mix(long value) {
    long mixed = value + GOLDEN;
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }
}
