// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.checksum;

import static java.lang.Long.rotateLeft;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/** XXH64 with seed 0, as the public specification of xxHash describes it. */
public final class XxHash64 {
  private static final long PRIME_1 = 0x9e3779b185ebca87L;
  private static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
  private static final long PRIME_3 = 0x165667b19e3779f9L;
  private static final long PRIME_4 = 0x85ebca77c2b2ae63L;
  private static final long PRIME_5 = 0x27d4eb2f165667c5L;

  /** The lane's start value; the sum wraps. */
  private static final long PRIME_1_PLUS_2 = 0x60ea27eeadc0b5d6L;

  private static final int STRIPE = 32;

  private XxHash64() {}

  public static long hash(MemorySegment segment, long offset, long length) {
    long at = offset;
    long end = offset + length;
    long hash = PRIME_5;
    if (length >= STRIPE) {
      long a = PRIME_1_PLUS_2;
      long b = PRIME_2;
      long c = 0;
      long d = -PRIME_1;
      for (; at <= end - STRIPE; at += STRIPE) {
        a = round(a, Le.u64(segment, at));
        b = round(b, Le.u64(segment, at + 8));
        c = round(c, Le.u64(segment, at + 16));
        d = round(d, Le.u64(segment, at + 24));
      }
      hash = rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18);
      hash = merge(merge(merge(merge(hash, a), b), c), d);
    }
    return avalanche(tail(hash + length, segment, at, end));
  }

  private static long tail(long start, MemorySegment segment, long from, long end) {
    long hash = start;
    long at = from;
    for (; at <= end - 8; at += 8) {
      hash = rotateLeft(hash ^ round(0, Le.u64(segment, at)), 27) * PRIME_1 + PRIME_4;
    }
    if (at <= end - 4) {
      long word = Integer.toUnsignedLong(Le.u32(segment, at));
      hash = rotateLeft(hash ^ (word * PRIME_1), 23) * PRIME_2 + PRIME_3;
      at += 4;
    }
    for (; at < end; at++) {
      hash = rotateLeft(hash ^ (Le.u8(segment, at) * PRIME_5), 11) * PRIME_1;
    }
    return hash;
  }

  private static long round(long lane, long word) {
    return rotateLeft(lane + word * PRIME_2, 31) * PRIME_1;
  }

  private static long merge(long hash, long lane) {
    return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
  }

  private static long avalanche(long start) {
    long hash = (start ^ (start >>> 33)) * PRIME_2;
    hash = (hash ^ (hash >>> 29)) * PRIME_3;
    return hash ^ (hash >>> 32);
  }
}
