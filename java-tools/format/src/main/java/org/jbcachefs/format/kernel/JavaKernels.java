// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Kernels in plain Java.
 *
 * <p>CRC-64 takes sixteen bytes a step by sixteen tables of 2 KiB each (slicing): table k maps a
 * byte to what it contributes when k more bytes follow it. Elements go in words of eight, which the
 * compiler turns into vectors.
 */
public final class JavaKernels implements Kernels {
  public static final Kernels INSTANCE = new JavaKernels();

  /** The generator polynomial of CRC-64 without its x^64. */
  static final long POLYNOMIAL = 0x42f0e1eba9ea3693L;

  private static final int SLICES = 16;
  private static final int TABLE = 256;
  private static final ValueLayout.OfLong BIG_ENDIAN =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private static final int PIECE_WORDS = 512;

  private static final long LOW_SEVEN_BITS = 0x7f7f7f7f7f7f7f7fL;
  private static final long LOW_BITS = 0x0101010101010101L;

  /** Table k is at index k * 256. Never written after it is built. */
  private static final long[] T = tables();

  private JavaKernels() {}

  // --- CRC-64 ------------------------------------------------------------------------------------

  @Override
  public long crc64(long register, MemorySegment segment, long offset, long length) {
    long[] t = T;
    long crc = register;
    long at = offset;
    long end = offset + length;
    for (; at <= end - SLICES; at += SLICES) {
      long a = crc ^ segment.get(BIG_ENDIAN, at);
      long b = segment.get(BIG_ENDIAN, at + 8);
      crc = slice(t, a, 15 * TABLE) ^ slice(t, b, 7 * TABLE);
    }
    for (; at < end; at++) {
      int index = (int) (crc >>> 56) ^ (segment.get(BYTE, at) & 0xff);
      crc = (crc << 8) ^ t[index];
    }
    return crc;
  }

  /** Eight bytes through eight tables, the first byte through the table that begins at top. */
  private static long slice(long[] t, long word, int top) {
    return t[top + (int) (word >>> 56)]
        ^ t[top - TABLE + ((int) (word >>> 48) & 0xff)]
        ^ t[top - 2 * TABLE + ((int) (word >>> 40) & 0xff)]
        ^ t[top - 3 * TABLE + ((int) (word >>> 32) & 0xff)]
        ^ t[top - 4 * TABLE + ((int) (word >>> 24) & 0xff)]
        ^ t[top - 5 * TABLE + ((int) (word >>> 16) & 0xff)]
        ^ t[top - 6 * TABLE + ((int) (word >>> 8) & 0xff)]
        ^ t[top - 7 * TABLE + ((int) word & 0xff)];
  }

  private static long[] tables() {
    long[] t = new long[SLICES * TABLE];
    for (int i = 0; i < TABLE; i++) {
      long crc = (long) i << 56;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc << 1) ^ (crc < 0 ? POLYNOMIAL : 0);
      }
      t[i] = crc;
    }
    for (int i = TABLE; i < t.length; i++) {
      long before = t[i - TABLE];
      t[i] = (before << 8) ^ t[(int) (before >>> 56)];
    }
    return t;
  }

  // --- GF(2^8) -----------------------------------------------------------------------------------

  @Override
  public void add(MemorySegment to, MemorySegment from) {
    long bytes = Kernels.sameSize(to, from);
    int words = (int) (bytes >>> 3);
    for (int i = 0; i < words; i++) {
      long at = (long) i << 3;
      to.set(WORD, at, to.get(WORD, at) ^ from.get(WORD, at));
    }
    for (long at = (long) words << 3; at < bytes; at++) {
      to.set(BYTE, at, (byte) (to.get(BYTE, at) ^ from.get(BYTE, at)));
    }
  }

  @Override
  public void addToBoth(MemorySegment p, MemorySegment q, MemorySegment block) {
    Kernels.sameSize(p, q);
    long bytes = Kernels.sameSize(p, block);
    int words = (int) (bytes >>> 3);
    for (int i = 0; i < words; i++) {
      long at = (long) i << 3;
      long word = block.get(WORD, at);
      p.set(WORD, at, p.get(WORD, at) ^ word);
      q.set(WORD, at, doubled(q.get(WORD, at)) ^ word);
    }
    for (long at = (long) words << 3; at < bytes; at++) {
      int element = block.get(BYTE, at);
      p.set(BYTE, at, (byte) (p.get(BYTE, at) ^ element));
      q.set(BYTE, at, (byte) (Galois.product(q.get(BYTE, at) & 0xff, 2) ^ element));
    }
  }

  @Override
  public void timesGenerator(MemorySegment to) {
    long bytes = to.byteSize();
    int words = (int) (bytes >>> 3);
    for (int i = 0; i < words; i++) {
      long at = (long) i << 3;
      to.set(WORD, at, doubled(to.get(WORD, at)));
    }
    timesBytes(2, to, (long) words << 3);
  }

  /** By adding up doublings, in pieces that stay in the cache: loops this simple become vectors. */
  @Override
  public void times(int factor, MemorySegment to) {
    long words = to.byteSize() >>> 3;
    int piece = (int) Math.min(words, PIECE_WORDS);
    long[] power = new long[piece];
    long[] sum = new long[piece];
    for (long done = 0; done < words; ) {
      int count = (int) Math.min(words - done, piece);
      MemorySegment.copy(to, WORD, done << 3, power, 0, count);
      Arrays.fill(sum, 0, count, 0);
      for (int bits = factor; bits != 0; bits >>>= 1) {
        addIfAndDouble(-(bits & 1L), sum, power, count);
      }
      MemorySegment.copy(sum, 0, to, WORD, done << 3, count);
      done += count;
    }
    timesBytes(factor, to, words << 3);
  }

  private static void addIfAndDouble(long mask, long[] sum, long[] power, int words) {
    for (int i = 0; i < words; i++) {
      long word = power[i];
      sum[i] ^= word & mask;
      power[i] = doubled(word);
    }
  }

  private static void timesBytes(int factor, MemorySegment to, long from) {
    for (long at = from; at < to.byteSize(); at++) {
      to.set(BYTE, at, (byte) Galois.product(to.get(BYTE, at) & 0xff, factor));
    }
  }

  /** Eight elements times the generator: shifted, and reduced where a bit fell out. */
  private static long doubled(long word) {
    long carries = (word >>> 7) & LOW_BITS;
    // carries * 0x1d without a multiplication, which vectors of longs are slow at
    long reduction = carries ^ (carries << 2) ^ (carries << 3) ^ (carries << 4);
    return ((word & LOW_SEVEN_BITS) << 1) ^ reduction;
  }
}
