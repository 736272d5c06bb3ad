// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.compress;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/**
 * Decodes an LZ4 block until the output is full, whatever follows in the input: the format pads
 * compressed data to whole blocks and does not store its exact length.
 *
 * <p>A block is a row of sequences: a token (literal count, match length - 4, four bits each, 15
 * goes on in further bytes), the literals, two bytes of distance, and a match to copy from that far
 * behind. Stateless and thread-safe.
 */
final class Lz4 {
  private static final int RUN_MASK = 15;
  private static final int MIN_MATCH = 4;
  private static final int WORD = 8;

  private Lz4() {}

  /**
   * Fills {@code out} from {@code outStart} to {@code outEnd}.
   *
   * @throws org.jbcachefs.format.error.CorruptionException naming the input byte
   */
  static void decompress(
      MemorySegment in, long inStart, long inEnd, MemorySegment out, long outStart, long outEnd) {
    long from = inStart;
    long to = outStart;
    while (to < outEnd) {
      if (from >= inEnd) {
        throw Decompressor.malformed("lz4", from - inStart, "ends before the output is full");
      }
      int token = Le.u8(in, from++);
      long literals = (long) token >>> 4;
      if (literals == RUN_MASK) {
        for (int more = 0xff; more == 0xff; ) {
          if (from >= inEnd) {
            throw Decompressor.malformed("lz4", from - inStart, "ends within a literal count");
          }
          more = Le.u8(in, from++);
          literals += more;
        }
      }
      literals = Math.min(literals, outEnd - to);
      if (literals > inEnd - from) {
        throw Decompressor.malformed("lz4", from - inStart, "has fewer literals than it says");
      }
      copyLiterals(in, from, inEnd, out, to, outEnd, literals);
      from += literals;
      to += literals;
      if (to == outEnd) {
        return;
      }

      if (inEnd - from < 2) {
        throw Decompressor.malformed("lz4", from - inStart, "ends before a match distance");
      }
      int distance = Le.u16(in, from);
      if (distance == 0 || distance > to - outStart) {
        throw Decompressor.malformed(
            "lz4", from - inStart, "copies from " + distance + " bytes behind, which is nowhere");
      }
      from += 2;
      long match = (long) (token & RUN_MASK) + MIN_MATCH;
      if (match == RUN_MASK + MIN_MATCH) {
        for (int more = 0xff; more == 0xff; ) {
          if (from >= inEnd) {
            throw Decompressor.malformed("lz4", from - inStart, "ends within a match length");
          }
          more = Le.u8(in, from++);
          match += more;
        }
      }
      match = Math.min(match, outEnd - to);
      copyMatch(out, to, outEnd, distance, match);
      to += match;
    }
  }

  /** Short runs go word by word, over the end where there is room for it. */
  private static void copyLiterals(
      MemorySegment in, long from, long inEnd, MemorySegment out, long to, long outEnd, long n) {
    if (n <= 2 * WORD && inEnd - from >= 2 * WORD && outEnd - to >= 2 * WORD) {
      Le.putU64(out, to, Le.u64(in, from));
      Le.putU64(out, to + WORD, Le.u64(in, from + WORD));
    } else {
      MemorySegment.copy(in, from, out, to, n);
    }
  }

  private static void copyMatch(MemorySegment out, long to, long outEnd, int distance, long n) {
    long end = to + n;
    if (distance >= WORD && outEnd - end >= WORD) {
      for (long at = to; at < end; at += WORD) {
        Le.putU64(out, at, Le.u64(out, at - distance));
      }
    } else if (distance == 1) {
      out.asSlice(to, n).fill((byte) Le.u8(out, to - 1));
    } else {
      for (long at = to; at < end; at++) {
        Le.putU8(out, at, Le.u8(out, at - distance));
      }
    }
  }
}
