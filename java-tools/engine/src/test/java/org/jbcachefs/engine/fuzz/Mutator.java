// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jbcachefs.format.bytes.Le;

/**
 * Damages bytes the way that hurts decoders: numbers at their limits, flipped bits, exchanged and
 * repeated pieces. Everything comes from the random generator. Belongs to one thread.
 */
final class Mutator {
  private static final int MOST_DAMAGES = 4;
  private static final int LONGEST_PIECE = 64;
  private static final long[] EXTREMES = {
    0,
    1,
    2,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    0x1_0000_0000L,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -2,
    -8
  };

  private final RandomGenerator random;
  private final Coverage coverage;

  Mutator(RandomGenerator random, Coverage coverage) {
    this.random = random;
    this.coverage = coverage;
  }

  RandomGenerator random() {
    return random;
  }

  void hit(String kind) {
    coverage.hit(kind);
  }

  <T> T oneOf(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** One of the first list, or every fourth time of the second. */
  <T> T oneOf(List<T> mostly, List<T> sometimes) {
    return oneOf(random.nextInt(4) == 0 ? sometimes : mostly);
  }

  /** A damaged copy: one to four damages, each in a structure chosen evenly among the kinds. */
  byte[] damage(Sample sample) {
    byte[] bytes = sample.copy();
    int damages = 1 + random.nextInt(MOST_DAMAGES);
    for (int i = 0; i < damages; i++) {
      Region region = oneOf(sample.regions(oneOf(sample.kinds())));
      damage(bytes, region.start(), region.end());
      coverage.hit(region.kind());
    }
    return bytes;
  }

  /** One damage between two bytes. */
  void damage(byte[] bytes, int start, int end) {
    int at = start + random.nextInt(end - start);
    switch (random.nextInt(8)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt(256);
      case 2, 3 -> number(bytes, at, end, EXTREMES[random.nextInt(EXTREMES.length)]);
      case 4 -> number(bytes, at, end, random.nextLong());
      case 5 -> add(bytes, at, random.nextInt(-8, 9));
      case 6 -> copyPiece(bytes, start, at, end);
      default -> fill(bytes, at, end, random.nextBoolean() ? 0 : -1);
    }
  }

  private void number(byte[] bytes, int at, int end, long number) {
    int width = 1 << random.nextInt(4);
    int aligned = at & -width;
    if (aligned + width <= end) {
      for (int i = 0; i < width; i++) {
        bytes[aligned + i] = (byte) (number >>> (8 * i));
      }
    } else {
      bytes[at] = (byte) number;
    }
  }

  private static void add(byte[] bytes, int at, int difference) {
    if (at + 4 <= bytes.length) {
      MemorySegment segment = MemorySegment.ofArray(bytes);
      Le.putU32(segment, at, Le.u32(segment, at) + difference);
    } else {
      bytes[at] += (byte) difference;
    }
  }

  private void copyPiece(byte[] bytes, int start, int at, int end) {
    int from = start + random.nextInt(end - start);
    int longest = Math.min(end - Math.max(at, from), LONGEST_PIECE);
    System.arraycopy(bytes, from, bytes, at, 1 + random.nextInt(longest));
  }

  private void fill(byte[] bytes, int at, int end, int value) {
    int length = 1 + random.nextInt(Math.min(end - at, LONGEST_PIECE));
    java.util.Arrays.fill(bytes, at, at + length, (byte) value);
  }
}
