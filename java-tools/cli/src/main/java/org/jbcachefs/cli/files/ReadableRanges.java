// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Reads a file around what cannot be read of it. Belongs to one thread.
 *
 * <p>A read that fails is tried again with half the length, down to {@link #SMALLEST}. Where lost
 * data ends is found by probing: closely at first, in steps that grow with the length of what is
 * lost, so that a lost terabyte takes some thousand probes; the boundary is then found by
 * bisection.
 */
public final class ReadableRanges {
  /** No extent begins or ends off a multiple of this. */
  public static final int SMALLEST = 512;

  private static final long CLOSELY_UP_TO = 64 << 10;
  private static final long BLOCKWISE_UP_TO = 4 << 20;
  private static final long BLOCK = 4096;
  private static final int GROWTH = 64;

  private final FileData data;
  private final FileId file;
  private BcachefsException lastError;

  public ReadableRanges(FileData data, FileId file) {
    this.data = data;
    this.file = file;
  }

  /**
   * Fills as much of the buffer as can be read from that byte on; 0 at the end of the file, -1 if
   * the next {@link #SMALLEST} bytes cannot be read ({@link #lastError} says why).
   */
  public int read(long at, MemorySegment buffer) {
    long length = buffer.byteSize();
    while (true) {
      try {
        return data.read(file, at, buffer.asSlice(0, length));
      } catch (BcachefsException e) {
        lastError = e;
      }
      if (length <= SMALLEST) {
        return -1;
      }
      length = shorter(at, length);
    }
  }

  /** About half, ending on a multiple of the smallest unit. */
  private static long shorter(long at, long length) {
    long end = at + length / 2;
    long aligned = end - Math.floorMod(end, (long) SMALLEST);
    return aligned > at ? aligned - at : Math.min(length, SMALLEST);
  }

  /**
   * The first byte after {@code at} that can be read, or {@code end} if there is none before it.
   *
   * @param at where a read failed
   * @param scratch overwritten; {@link #SMALLEST} bytes at least
   */
  public long lostUntil(long at, long end, MemorySegment scratch) {
    MemorySegment probe = scratch.asSlice(0, SMALLEST);
    long lost = at;
    while (true) {
      long next = align(lost + step(lost - at));
      if (next >= end) {
        return readableFrom(lost, end, probe, end);
      }
      if (read(next, probe) > 0) {
        return readableFrom(lost, next, probe, next);
      }
      lost = next;
    }
  }

  private static long step(long lostSoFar) {
    if (lostSoFar < CLOSELY_UP_TO) {
      return SMALLEST;
    }
    return lostSoFar < BLOCKWISE_UP_TO ? BLOCK : Math.max(BLOCK, lostSoFar / GROWTH);
  }

  /** Bisects between a lost byte and one that is readable (or the end). */
  private long readableFrom(long lost, long readable, MemorySegment probe, long fallback) {
    long low = lost;
    long high = readable;
    while (align(low + SMALLEST) < high) {
      long middle = align(low + (high - low) / 2);
      if (middle <= low || middle >= high) {
        break;
      }
      if (read(middle, probe) > 0) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return Math.min(high, fallback);
  }

  private static long align(long offset) {
    return offset - Math.floorMod(offset, (long) SMALLEST);
  }

  /** Why the last read failed or fell short; null if none did. */
  public BcachefsException lastError() {
    return lastError;
  }
}
