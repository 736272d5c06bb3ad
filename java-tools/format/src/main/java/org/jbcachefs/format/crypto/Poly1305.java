// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static java.lang.Math.unsignedMultiplyHigh;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/**
 * The Poly1305 one-time authenticator of RFC 8439, over memory segments. Belongs to one thread.
 *
 * <p>The accumulator is h2 * 2^128 + h1 * 2^64 + h0, h2 small; the clamped key r is r1 * 2^64 + r0
 * with the low two bits of r1 zero, which makes r1 * 2^128 equal to (r1 + (r1 >> 2)) modulo 2^130 -
 * 5 up to a shift by two.
 */
final class Poly1305 {
  static final int KEY_BYTES = 32;

  private static final int BLOCK = 16;
  private static final long CLAMP_0 = 0x0fff_fffc_0fff_ffffL;
  private static final long CLAMP_1 = 0x0fff_fffc_0fff_fffcL;

  private final byte[] last = new byte[BLOCK];
  private final MemorySegment lastSegment = MemorySegment.ofArray(last);
  private long r0;
  private long r1;
  private long pad0;
  private long pad1;
  private long h0;
  private long h1;
  private long h2;

  /** Starts a new message with the first 32 bytes of that array as the key. */
  void init(byte[] key) {
    MemorySegment bytes = MemorySegment.ofArray(key);
    r0 = Le.u64(bytes, 0) & CLAMP_0;
    r1 = Le.u64(bytes, 8) & CLAMP_1;
    pad0 = Le.u64(bytes, 16);
    pad1 = Le.u64(bytes, 24);
    h0 = 0;
    h1 = 0;
    h2 = 0;
  }

  /** The whole message at once, then {@link #macLo} and {@link #macHi}. */
  void authenticate(MemorySegment segment, long offset, long length) {
    long whole = length - length % BLOCK;
    blocks(segment, offset, whole, 1);
    int rest = (int) (length - whole);
    if (rest > 0) {
      java.util.Arrays.fill(last, (byte) 0);
      MemorySegment.copy(segment, offset + whole, lastSegment, 0, rest);
      last[rest] = 1;
      blocks(lastSegment, 0, BLOCK, 0);
    }
    finish();
  }

  /** Bytes 0 to 7 of the tag. */
  long macLo() {
    return h0;
  }

  /** Bytes 8 to 15 of the tag. */
  long macHi() {
    return h1;
  }

  private void blocks(MemorySegment segment, long offset, long length, long highBit) {
    long a0 = h0;
    long a1 = h1;
    long a2 = h2;
    long m0 = r0;
    long m1 = r1;
    long s1 = m1 + (m1 >>> 2);
    for (long at = offset; at < offset + length; at += BLOCK) {
      long in0 = Le.u64(segment, at);
      long in1 = Le.u64(segment, at + 8);
      a0 += in0;
      long carry = below(a0, in0);
      a1 += carry;
      long carry1 = below(a1, carry);
      a1 += in1;
      a2 += carry1 + below(a1, in1) + highBit;

      // d0 = a0 * r0 + a1 * s1
      long lo0 = a0 * m0;
      long add = a1 * s1;
      lo0 += add;
      long hi0 = unsignedMultiplyHigh(a0, m0) + unsignedMultiplyHigh(a1, s1) + below(lo0, add);

      // d1 = a0 * r1 + a1 * r0 + a2 * s1
      long lo1 = a0 * m1;
      add = a1 * m0;
      lo1 += add;
      long hi1 = unsignedMultiplyHigh(a0, m1) + unsignedMultiplyHigh(a1, m0) + below(lo1, add);
      add = a2 * s1;
      lo1 += add;
      hi1 += below(lo1, add);

      // d2 = a2 * r0, small; then carries upwards
      long d2 = a2 * m0;
      lo1 += hi0;
      hi1 += below(lo1, hi0);
      d2 += hi1;

      // what is above 2^130 comes back times 5: (d2 >> 2) * 4 + (d2 >> 2)
      long back = (d2 & ~3L) + (d2 >>> 2);
      a2 = d2 & 3;
      a0 = lo0 + back;
      carry = below(a0, back);
      a1 = lo1 + carry;
      a2 += below(a1, carry);
    }
    h0 = a0;
    h1 = a1;
    h2 = a2;
  }

  /** Reduces completely and adds the second half of the key. */
  private void finish() {
    long t0 = h0 + 5;
    long t1 = h1 + below(t0, 5);
    long carry = h1 == -1 && t1 == 0 ? 1 : 0;
    long above = (h2 + carry) >>> 2;
    long mask = -above;
    h0 = (h0 & ~mask) | (t0 & mask);
    h1 = (h1 & ~mask) | (t1 & mask);
    h0 += pad0;
    h1 += pad1 + below(h0, pad0);
  }

  /** The carry of an addition: 1 if the sum is below one of the numbers that were added. */
  private static long below(long sum, long added) {
    return Long.compareUnsigned(sum, added) < 0 ? 1 : 0;
  }
}
