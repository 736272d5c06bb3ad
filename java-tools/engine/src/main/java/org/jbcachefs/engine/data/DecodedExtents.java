// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Extents that were decoded and only used in part, kept because the next read may want the rest. A
 * fixed number of slots in small sets, each set behind its own lock, holding the most recent ones.
 * Thread-safe; bounded by slots times the largest extent that is kept.
 */
final class DecodedExtents {
  private static final int WAYS = 4;
  private static final int GROWTH = 64 << 10;

  private static final int REMEMBERED = 1 << 10;

  private final Set[] sets;
  private final int largestBytes;

  /** Pointers of extents that were not here when they were wanted; races cost a copy, no more. */
  private final long[] missed = new long[REMEMBERED];

  /** Where reads of extents ended that were not here, with their pointers; races cost no more. */
  private final long[] ended = new long[REMEMBERED];

  /** Slots of one hash value. */
  private static final class Set {
    final long[] ptrs = new long[WAYS];
    final long[] checksums = new long[WAYS];
    final long[] used = new long[WAYS];
    final int[] bytes = new int[WAYS];
    final MemorySegment[] segments = new MemorySegment[WAYS];
    long clock;
  }

  /**
   * Room for extents.
   *
   * @param slots how many, rounded up to a multiple of 4
   * @param largestBytes larger ones are not kept
   */
  DecodedExtents(int slots, int largestBytes) {
    this.sets = new Set[Math.max(1, slots / WAYS)];
    this.largestBytes = largestBytes;
    for (int i = 0; i < sets.length; i++) {
      sets[i] = new Set();
    }
  }

  /**
   * Copies a range of a kept extent out; false if it is not here.
   *
   * @param ptr the pointer's word, which names device, sector and generation
   * @param checksum the stored checksum's first word
   */
  boolean copy(long ptr, long checksum, long from, MemorySegment out, long at, long bytes) {
    Set set = set(ptr);
    synchronized (set) {
      for (int way = 0; way < WAYS; way++) {
        if (set.bytes[way] > 0 && set.ptrs[way] == ptr && set.checksums[way] == checksum) {
          if (from + bytes > set.bytes[way]) {
            return false;
          }
          set.used[way] = ++set.clock;
          MemorySegment.copy(set.segments[way], from, out, at, bytes);
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Whether it is worth a copy to keep an extent that was cheap to get: somebody reads it from its
   * beginning, or wanted it not long ago. Whoever reads here and there comes back to none.
   *
   * @param from the first byte that was wanted now
   */
  boolean isWorthKeeping(long ptr, long from) {
    int at = (int) Math.unsignedMultiplyHigh(mixed(ptr), REMEMBERED);
    boolean again = missed[at] == ptr;
    missed[at] = ptr;
    return again || from == 0;
  }

  /**
   * Whether a read of an extent that is not here goes on where one ended not long ago: somebody
   * reads it bit by bit, and all of it is worth reading at once.
   *
   * @param from the first byte that is wanted now
   */
  boolean goesOn(long ptr, long from, long bytes) {
    long mixed = mixed(ptr);
    int at = (int) Math.unsignedMultiplyHigh(mixed, REMEMBERED);
    boolean on = ended[at] == mixed + from;
    ended[at] = mixed + from + bytes;
    return on;
  }

  /** Keeps a copy, in place of the one in its set that was unused for longest. */
  void keep(long ptr, long checksum, MemorySegment decoded, int bytes) {
    if (bytes > largestBytes) {
      return;
    }
    Set set = set(ptr);
    synchronized (set) {
      int way = 0;
      for (int i = 1; i < WAYS; i++) {
        if (set.used[i] < set.used[way]) {
          way = i;
        }
      }
      if (set.segments[way] == null || set.segments[way].byteSize() < bytes) {
        set.segments[way] = Arena.ofAuto().allocate(Math.ceilDiv(bytes, GROWTH) * (long) GROWTH);
      }
      MemorySegment.copy(decoded, 0, set.segments[way], 0, bytes);
      set.ptrs[way] = ptr;
      set.checksums[way] = checksum;
      set.bytes[way] = bytes;
      set.used[way] = ++set.clock;
    }
  }

  private Set set(long ptr) {
    return sets[(int) Math.unsignedMultiplyHigh(mixed(ptr), sets.length)];
  }

  private static long mixed(long ptr) {
    return ptr * 0x9e3779b97f4a7c15L;
  }
}
