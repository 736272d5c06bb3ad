// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * Native memory in pieces of powers of two, never more than a limit in all. Slabs of the largest
 * size are cut into pieces of one size, and are free for any other when all of them are back.
 * Thread-safe.
 */
public final class BufferPool {
  /** The smallest piece, which is also how pieces are aligned. */
  private static final int LEAST_SHIFT = 12;

  private static final int MOST_SHIFT = 20;

  /** The largest piece, in bytes. */
  public static final int MOST_BYTES = 1 << MOST_SHIFT;

  private final int slabsMost;
  private final Deque<Slab> empty = new ArrayDeque<>();
  private final List<Deque<Slab>> partial = new ArrayList<>();
  private int slabs;
  private long used;

  /** A piece of memory, until it is {@link #free freed}. */
  public static final class Buffer {
    private final Slab slab;
    private final int index;
    private final MemorySegment segment;

    private Buffer(Slab slab, int index, MemorySegment segment) {
      this.slab = slab;
      this.index = index;
      this.segment = segment;
    }

    /** Its memory; its size is a power of two. */
    public MemorySegment segment() {
      return segment;
    }
  }

  private static final class Slab {
    private final MemorySegment memory;
    private final BitSet taken = new BitSet();
    private int shift;

    private Slab(MemorySegment memory) {
      this.memory = memory;
    }

    private int pieces() {
      return 1 << (MOST_SHIFT - shift);
    }

    private Buffer take() {
      int index = taken.nextClearBit(0);
      taken.set(index);
      return new Buffer(this, index, memory.asSlice((long) index << shift, 1L << shift));
    }

    private boolean isFull() {
      return taken.cardinality() == pieces();
    }
  }

  /**
   * @param bytes the most that is ever taken from the system, a multiple of {@link #MOST_BYTES}
   */
  public BufferPool(long bytes) {
    this.slabsMost = (int) (bytes >> MOST_SHIFT);
    for (int shift = LEAST_SHIFT; shift <= MOST_SHIFT; shift++) {
      partial.add(new ArrayDeque<>());
    }
  }

  /** At least so many bytes, whose content is undefined; null if there are none left. */
  public synchronized Buffer take(long bytes) {
    if (bytes > MOST_BYTES) {
      return null;
    }
    int shift =
        Math.max(LEAST_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, bytes - 1)));
    Deque<Slab> some = partial.get(shift - LEAST_SHIFT);
    Slab slab = some.peekFirst();
    if (slab == null) {
      slab = emptySlab();
      if (slab == null) {
        return null;
      }
      slab.shift = shift;
      some.addFirst(slab);
    }
    Buffer buffer = slab.take();
    used += 1L << shift;
    if (slab.isFull()) {
      some.removeFirst();
    }
    return buffer;
  }

  private Slab emptySlab() {
    Slab slab = empty.pollFirst();
    if (slab == null && slabs < slabsMost) {
      slab = new Slab(Arena.ofAuto().allocate(MOST_BYTES, 1L << LEAST_SHIFT));
      slabs++;
    }
    return slab;
  }

  /** Gives a piece back; nobody may use it any more. */
  public synchronized void free(Buffer buffer) {
    Slab slab = buffer.slab;
    boolean full = slab.isFull();
    slab.taken.clear(buffer.index);
    used -= 1L << slab.shift;
    Deque<Slab> some = partial.get(slab.shift - LEAST_SHIFT);
    if (slab.taken.isEmpty()) {
      if (!full) {
        some.remove(slab);
      }
      empty.addFirst(slab);
    } else if (full) {
      some.addLast(slab);
    }
  }

  /** Bytes in pieces that are in use. */
  public synchronized long used() {
    return used;
  }
}
