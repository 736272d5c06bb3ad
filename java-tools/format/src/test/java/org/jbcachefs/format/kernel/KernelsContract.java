// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What every way of computing promises: known answers, and those of single bits and elements. */
public abstract class KernelsContract {
  private static final long SEED = 0x11d;
  private static final int MOST_BYTES = 600;
  private static final int ALIGNMENTS = 33;
  private static final byte[] CHECK = "123456789".getBytes(StandardCharsets.US_ASCII);

  private final SplittableRandom random = new SplittableRandom(SEED);

  /** The way under test. */
  protected abstract Kernels kernels();

  /** Memory that the way takes as it is, or another kind. */
  private MemorySegment memory(byte[] bytes, int alignment) {
    MemorySegment segment = Arena.ofAuto().allocate(bytes.length + alignment + 1, 64);
    return segment.asSlice(alignment, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  private byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void crc64HasTheCataloguedValues() {
    for (MemorySegment check :
        new MemorySegment[] {memory(CHECK, 0), MemorySegment.ofArray(CHECK)}) {
      assertEquals(0x6c40df5f0b497347L, kernels().crc64(0, check, 0, CHECK.length));
      assertEquals(0x62ec59e3f1a4f00aL, ~kernels().crc64(-1, check, 0, CHECK.length));
    }
  }

  @Test
  void crc64IsThatOfSingleBitsAtAllLengthsAndOffsets() {
    for (int length = 0; length < MOST_BYTES; length++) {
      byte[] bytes = randomBytes(length);
      int offset = random.nextInt(ALIGNMENTS);
      byte[] behind = new byte[offset + length];
      System.arraycopy(bytes, 0, behind, offset, length);
      long start = random.nextLong();
      long expected = crc64ByBits(start, bytes);
      String which = "length " + length + " offset " + offset;
      assertEquals(
          expected, kernels().crc64(start, memory(behind, offset % 5), offset, length), which);
      assertEquals(
          expected, kernels().crc64(start, MemorySegment.ofArray(behind), offset, length), which);
    }
  }

  @Test
  void crc64OfALongRangeCanBeContinuedAnywhere() {
    byte[] bytes = randomBytes(1 << 16);
    MemorySegment segment = memory(bytes, 3);
    long whole = crc64ByBits(5, bytes);
    assertEquals(whole, kernels().crc64(5, segment, 0, bytes.length));
    for (int cut = 1; cut < bytes.length; cut = cut * 3 + 1) {
      long first = kernels().crc64(5, segment, 0, cut);
      assertEquals(whole, kernels().crc64(first, segment, cut, bytes.length - cut), "cut " + cut);
    }
  }

  @Test
  void crc64OutsideOfTheSegmentIsRefused() {
    MemorySegment segment = memory(randomBytes(4096), 0);
    assertThrows(
        IndexOutOfBoundsException.class, () -> kernels().crc64(0, segment, 1, segment.byteSize()));
    assertThrows(IndexOutOfBoundsException.class, () -> kernels().crc64(0, segment, -1, 4096));
  }

  @Test
  void sumsAreThoseOfSingleElementsAtAllLengths() {
    for (int length = 0; length < MOST_BYTES; length++) {
      byte[] p = randomBytes(length);
      byte[] q = randomBytes(length);
      byte[] block = randomBytes(length);
      byte[] sumP = new byte[length];
      byte[] sumQ = new byte[length];
      byte[] doubledQ = new byte[length];
      for (int i = 0; i < length; i++) {
        sumP[i] = (byte) (p[i] ^ block[i]);
        doubledQ[i] = (byte) Galois.product(q[i] & 0xff, 2);
        sumQ[i] = (byte) (doubledQ[i] ^ block[i]);
      }
      String which = "length " + length;
      MemorySegment toP = memory(p, length % ALIGNMENTS);
      MemorySegment toQ = memory(q, length % 7);
      MemorySegment from = memory(block, length % 3);
      kernels().addToBoth(toP, toQ, from);
      assertArrayEquals(sumP, bytes(toP), which);
      assertArrayEquals(sumQ, bytes(toQ), which);
      toP = memory(p, length % 5);
      kernels().add(toP, from);
      assertArrayEquals(sumP, bytes(toP), which);
      toQ = memory(q, length % ALIGNMENTS);
      kernels().timesGenerator(toQ);
      assertArrayEquals(doubledQ, bytes(toQ), which);
      assertArrayEquals(block, bytes(from), which);
    }
  }

  @Test
  void memoryOfTheHeapWorksToo() {
    byte[] p = randomBytes(1001);
    byte[] q = randomBytes(p.length);
    byte[] block = randomBytes(p.length);
    byte[] was = q.clone();
    kernels()
        .addToBoth(
            MemorySegment.ofArray(p), MemorySegment.ofArray(q), MemorySegment.ofArray(block));
    kernels().add(MemorySegment.ofArray(q), memory(block, 1));
    kernels().times(Galois.inverse(2), MemorySegment.ofArray(q));
    assertArrayEquals(was, q);
  }

  @Test
  void everyFactorMultipliesEveryElement() {
    for (int factor = 0; factor < 256; factor++) {
      byte[] bytes = new byte[256 * 20 + factor % ALIGNMENTS];
      byte[] expected = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i * 7);
        expected[i] = (byte) Galois.product(factor, bytes[i] & 0xff);
      }
      MemorySegment to = memory(bytes, factor % 11);
      kernels().times(factor, to);
      assertArrayEquals(expected, bytes(to), "factor " + factor);
    }
  }

  @Test
  void rangesOfDifferentLengthsAreRefused() {
    MemorySegment longer = memory(randomBytes(4097), 0);
    MemorySegment shorter = memory(randomBytes(4096), 0);
    assertThrows(RuntimeException.class, () -> kernels().add(longer, shorter));
    assertThrows(RuntimeException.class, () -> kernels().addToBoth(longer, longer, shorter));
    assertThrows(RuntimeException.class, () -> kernels().addToBoth(longer, shorter, longer));
  }

  /** Any two data blocks of six, from P and Q. */
  @Test
  void anyTwoLostBlocksComeBack() {
    int length = 1500;
    byte[][] blocks = new byte[6][];
    Arrays.setAll(blocks, i -> randomBytes(length));
    MemorySegment p = memory(new byte[length], 0);
    MemorySegment q = memory(new byte[length], 0);
    for (int i = blocks.length - 1; i >= 0; i--) {
      kernels().addToBoth(p, q, memory(blocks[i], 0));
    }
    for (int x = 0; x < blocks.length; x++) {
      for (int y = x + 1; y < blocks.length; y++) {
        MemorySegment sumP = memory(new byte[length], 0);
        MemorySegment sumQ = memory(new byte[length], 0);
        for (int i = blocks.length - 1; i >= 0; i--) {
          if (i == x || i == y) {
            kernels().timesGenerator(sumQ);
          } else {
            kernels().addToBoth(sumP, sumQ, memory(blocks[i], 0));
          }
        }
        kernels().add(sumP, p);
        kernels().add(sumQ, q);
        kernels().times(Galois.power(y), sumP);
        kernels().add(sumP, sumQ);
        kernels().times(Galois.inverse(Galois.power(x) ^ Galois.power(y)), sumP);
        assertArrayEquals(blocks[x], bytes(sumP), "blocks " + x + " and " + y);
      }
    }
  }

  private static long crc64ByBits(long start, byte[] bytes) {
    long crc = start;
    for (byte b : bytes) {
      crc ^= (long) b << 56;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc << 1) ^ (crc < 0 ? JavaKernels.POLYNOMIAL : 0);
      }
    }
    return crc;
  }
}
