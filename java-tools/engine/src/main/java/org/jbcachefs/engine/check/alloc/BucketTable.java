// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jbcachefs.format.tables.DataType;

/**
 * What points to each bucket, summed up: a few bytes for each bucket near one that is in use.
 * Buckets outside of the slice that it was made for are left out. Thread-safe.
 */
final class BucketTable {
  static final int CHUNK_BITS = 10;

  /** Memory of a chunk of 2^{@link #CHUNK_BITS} buckets. */
  static final long CHUNK_BYTES =
      (3 * Integer.BYTES + 2 * Long.BYTES + Short.BYTES + 2L) << CHUNK_BITS;

  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final int IN_CHUNK = CHUNK - 1;

  /** Bits of {@link Chunk#seen}: the bucket has an alloc key, and what points to it. */
  static final int KNOWN = 1;

  static final int SB = 1 << 1;
  static final int JOURNAL = 1 << 2;
  static final int BTREE = 1 << 3;
  static final int USER = 1 << 4;
  static final int PARITY = 1 << 5;

  /** Buckets next to each other. Guarded by itself. */
  private static final class Chunk {
    final byte[] generation = new byte[CHUNK];
    final byte[] seen = new byte[CHUNK];
    final short[] stripes = new short[CHUNK];
    final int[] dirty = new int[CHUNK];
    final int[] cached = new int[CHUNK];
    final int[] striped = new int[CHUNK];
    final long[] wanted = new long[CHUNK];
    final long[] found = new long[CHUNK];
  }

  /** One bucket's sums, copied out. Reusable. */
  static final class Sums {
    boolean known;
    int generation;
    int seen;
    int stripes;
    long dirty;
    long cached;
    long striped;
    long wantedBackpointers;
    long foundBackpointers;

    boolean isEmpty() {
      return dirty == 0 && cached == 0 && striped == 0 && stripes == 0;
    }

    /** The data type that follows; {@code empty} if nothing points there. */
    DataType type(DataType empty) {
      boolean parity = (seen & PARITY) != 0;
      if (stripes != 0) {
        return parity ? DataType.PARITY : DataType.STRIPE;
      }
      if (dirty != 0 || striped != 0) {
        return (seen & SB) != 0
            ? DataType.SB
            : (seen & JOURNAL) != 0
                ? DataType.JOURNAL
                : (seen & BTREE) != 0 ? DataType.BTREE : parity ? DataType.PARITY : DataType.USER;
      }
      return cached != 0 ? DataType.CACHED : empty;
    }
  }

  /** Visits buckets. */
  interface Visitor {
    void bucket(int device, long bucket, Sums sums);
  }

  private final Buckets buckets;
  private final BucketSlice slice;
  private final AtomicReferenceArray<Chunk>[] chunks;

  @SuppressWarnings({"unchecked", "rawtypes"})
  BucketTable(Buckets buckets, BucketSlice slice) {
    this.buckets = buckets;
    this.slice = slice;
    chunks = new AtomicReferenceArray[buckets.devices()];
    for (int device = 0; device < chunks.length; device++) {
      long count = buckets.count(device);
      chunks[device] = new AtomicReferenceArray<>((int) ((count + CHUNK - 1) >>> CHUNK_BITS));
    }
  }

  private Chunk chunk(int device, long bucket) {
    int index = (int) (bucket >>> CHUNK_BITS);
    if (!slice.contains(device, index)) {
      return null;
    }
    Chunk known = chunks[device].get(index);
    if (known == null) {
      Chunk added = new Chunk();
      known = chunks[device].compareAndSet(index, null, added) ? added : chunks[device].get(index);
    }
    return known;
  }

  /** The bucket has an alloc key with that generation. */
  void known(int device, long bucket, int generation) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      int at = (int) bucket & IN_CHUNK;
      synchronized (chunk) {
        chunk.seen[at] |= KNOWN;
        chunk.generation[at] = (byte) generation;
      }
    }
  }

  /**
   * Generation of a bucket that has an alloc key; -1 of one that has none; -2 outside the slice.
   */
  int generation(int device, long bucket) {
    int index = (int) (bucket >>> CHUNK_BITS);
    if (!slice.contains(device, index)) {
      return -2;
    }
    Chunk chunk = chunks[device].get(index);
    if (chunk == null) {
      return -1;
    }
    int at = (int) bucket & IN_CHUNK;
    synchronized (chunk) {
      return (chunk.seen[at] & KNOWN) != 0 ? chunk.generation[at] & 0xff : -1;
    }
  }

  void addDirty(int device, long bucket, long sectors, int what) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      int at = (int) bucket & IN_CHUNK;
      synchronized (chunk) {
        chunk.dirty[at] = saturated(chunk.dirty[at], sectors);
        chunk.seen[at] |= (byte) what;
      }
    }
  }

  void addCached(int device, long bucket, long sectors) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      int at = (int) bucket & IN_CHUNK;
      synchronized (chunk) {
        chunk.cached[at] = saturated(chunk.cached[at], sectors);
        chunk.seen[at] |= USER;
      }
    }
  }

  void addStriped(int device, long bucket, long sectors) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      int at = (int) bucket & IN_CHUNK;
      synchronized (chunk) {
        chunk.striped[at] = saturated(chunk.striped[at], sectors);
        chunk.seen[at] |= USER;
      }
    }
  }

  /** A stripe has a block in the bucket. */
  void addStripe(int device, long bucket, boolean parity, long sectors) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      int at = (int) bucket & IN_CHUNK;
      synchronized (chunk) {
        chunk.stripes[at]++;
        chunk.dirty[at] = saturated(chunk.dirty[at], sectors);
        chunk.seen[at] |= (byte) (parity ? PARITY : USER);
      }
    }
  }

  /** A pointer into the bucket asks for a backpointer with that hash. */
  void wantBackpointer(int device, long bucket, long hash) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      synchronized (chunk) {
        chunk.wanted[(int) bucket & IN_CHUNK] += hash;
      }
    }
  }

  /** A backpointer of the bucket is there. */
  void foundBackpointer(int device, long bucket, long hash) {
    Chunk chunk = chunk(device, bucket);
    if (chunk != null) {
      synchronized (chunk) {
        chunk.found[(int) bucket & IN_CHUNK] += hash;
      }
    }
  }

  // A bucket's count is a u32; more than that is damage, however much.
  private static int saturated(int sum, long sectors) {
    return (int) Math.min(Integer.toUnsignedLong(sum) + sectors, 0xffffffffL);
  }

  /** Reads the sums of a bucket; false if it is outside of the slice. */
  boolean read(int device, long bucket, Sums out) {
    int index = (int) (bucket >>> CHUNK_BITS);
    if (!slice.contains(device, index)) {
      return false;
    }
    copy(chunks[device].get(index), (int) bucket & IN_CHUNK, out);
    return true;
  }

  private static void copy(Chunk chunk, int at, Sums out) {
    boolean none = chunk == null;
    out.known = !none && (chunk.seen[at] & KNOWN) != 0;
    out.generation = none ? 0 : chunk.generation[at] & 0xff;
    out.seen = none ? 0 : chunk.seen[at];
    out.stripes = none ? 0 : chunk.stripes[at] & 0xffff;
    out.dirty = none ? 0 : Integer.toUnsignedLong(chunk.dirty[at]);
    out.cached = none ? 0 : Integer.toUnsignedLong(chunk.cached[at]);
    out.striped = none ? 0 : Integer.toUnsignedLong(chunk.striped[at]);
    out.wantedBackpointers = none ? 0 : chunk.wanted[at];
    out.foundBackpointers = none ? 0 : chunk.found[at];
  }

  /** Visits every bucket near one that is in use, in order. */
  void forEach(Visitor visitor) {
    Sums sums = new Sums();
    for (int device = 0; device < chunks.length; device++) {
      for (int index = 0; index < chunks[device].length(); index++) {
        Chunk chunk = chunks[device].get(index);
        for (int at = 0; chunk != null && at < CHUNK; at++) {
          long bucket = ((long) index << CHUNK_BITS) + at;
          if (bucket < buckets.count(device)) {
            copy(chunk, at, sums);
            visitor.bucket(device, bucket, sums);
          }
        }
      }
    }
  }
}
