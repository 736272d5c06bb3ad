// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.List;
import org.jbcachefs.engine.alloc.write.BucketRebuild;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;

/** What points to each bucket, summed up. Memory is taken where something points only. */
final class BucketSums {
  private static final int CHUNK_BITS = 10;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final long U32_MAX = 0xffffffffL;

  private static final int SB = 1;
  private static final int JOURNAL = 1 << 1;
  private static final int BTREE = 1 << 2;
  private static final int USER = 1 << 3;
  private static final int PARITY = 1 << 4;

  /** The bucket has an alloc key, whose generation is {@link Chunk#key}. */
  private static final int KNOWN = 1 << 5;

  /** {@link Chunk#pointer} is a generation that was seen. */
  private static final int POINTED = 1 << 6;

  /**
   * Bits of {@link Chunk#said}: pointers to data of the key's generation, of one other, of more.
   */
  private static final int AS_KEY = 1;

  private static final int ONE_OTHER = 1 << 1;
  private static final int MORE_OTHERS = 1 << 2;

  private static final class Chunk {
    final long[] dirty = new long[CHUNK];
    final long[] cached = new long[CHUNK];
    final long[] striped = new long[CHUNK];
    final short[] stripes = new short[CHUNK];
    final byte[] seen = new byte[CHUNK];
    final byte[] key = new byte[CHUNK];
    final byte[] pointer = new byte[CHUNK];
    final byte[] other = new byte[CHUNK];
    final byte[] said = new byte[CHUNK];
  }

  private final long[] counts;
  private final int[] firsts;
  private final Chunk[][] chunks;

  BucketSums(List<Member> members) {
    counts = new long[members.size()];
    firsts = new int[members.size()];
    chunks = new Chunk[members.size()][];
    for (Member member : members) {
      if (member.exists()) {
        counts[member.index()] = member.nbuckets();
        firsts[member.index()] = member.firstBucket();
        chunks[member.index()] = new Chunk[(int) ((member.nbuckets() + CHUNK - 1) >>> CHUNK_BITS)];
      }
    }
  }

  int devices() {
    return counts.length;
  }

  /** Buckets of a device; 0 if there is no such device. */
  long count(int device) {
    return counts[device];
  }

  int first(int device) {
    return firsts[device];
  }

  boolean exists(long device, long bucket) {
    return device >= 0
        && device < counts.length
        && bucket >= firsts[(int) device]
        && bucket < counts[(int) device];
  }

  private Chunk chunk(int device, long bucket) {
    int index = (int) (bucket >>> CHUNK_BITS);
    if (chunks[device][index] == null) {
      chunks[device][index] = new Chunk();
    }
    return chunks[device][index];
  }

  private static int at(long bucket) {
    return (int) bucket & (CHUNK - 1);
  }

  /** The bucket has an alloc key with that generation. */
  void known(int device, long bucket, int generation) {
    Chunk chunk = chunk(device, bucket);
    chunk.seen[at(bucket)] |= KNOWN;
    chunk.key[at(bucket)] = (byte) generation;
  }

  /** Generation of the bucket by its alloc key; -1 if it has none. */
  int knownGeneration(int device, long bucket) {
    Chunk chunk = chunks[device][(int) (bucket >>> CHUNK_BITS)];
    boolean known = chunk != null && (chunk.seen[at(bucket)] & KNOWN) != 0;
    return known ? chunk.key[at(bucket)] & 0xff : -1;
  }

  /** The bucket's generation must not be older than that. */
  void pointed(int device, long bucket, int generation) {
    Chunk chunk = chunk(device, bucket);
    int at = at(bucket);
    boolean first = (chunk.seen[at] & POINTED) == 0;
    if (first || (byte) (generation - chunk.pointer[at]) > 0) {
      chunk.pointer[at] = (byte) generation;
      chunk.seen[at] |= POINTED;
    }
  }

  /** A pointer to data, not a cached copy, has that generation; the alloc key may have another. */
  void dataGeneration(int device, long bucket, int generation) {
    Chunk chunk = chunk(device, bucket);
    int at = at(bucket);
    if (knownGeneration(device, bucket) == generation) {
      chunk.said[at] |= AS_KEY;
    } else if ((chunk.said[at] & ONE_OTHER) == 0) {
      chunk.said[at] |= ONE_OTHER;
      chunk.other[at] = (byte) generation;
    } else if (chunk.other[at] != (byte) generation) {
      chunk.said[at] |= MORE_OTHERS;
    }
  }

  /**
   * The generation that all pointers to data in the bucket have, though its alloc key has another:
   * then the key is what is wrong. -1 if it is not so.
   */
  int generationOfAll(int device, long bucket) {
    Chunk chunk = chunks[device][(int) (bucket >>> CHUNK_BITS)];
    boolean all = chunk != null && chunk.said[at(bucket)] == ONE_OTHER;
    return all ? chunk.other[at(bucket)] & 0xff : -1;
  }

  void superblock(int device, long bucket, long sectors) {
    dirty(device, bucket, sectors, SB);
  }

  void journal(int device, long bucket, long sectors) {
    dirty(device, bucket, sectors, JOURNAL);
  }

  void node(int device, long bucket, long sectors) {
    dirty(device, bucket, sectors, BTREE);
  }

  void data(int device, long bucket, long sectors) {
    dirty(device, bucket, sectors, USER);
  }

  private void dirty(int device, long bucket, long sectors, int what) {
    Chunk chunk = chunk(device, bucket);
    int at = at(bucket);
    chunk.dirty[at] = Math.min(chunk.dirty[at] + sectors, U32_MAX);
    chunk.seen[at] |= (byte) what;
  }

  void cached(int device, long bucket, long sectors) {
    Chunk chunk = chunk(device, bucket);
    int at = at(bucket);
    chunk.cached[at] = Math.min(chunk.cached[at] + sectors, U32_MAX);
    chunk.seen[at] |= USER;
  }

  void striped(int device, long bucket, long sectors) {
    Chunk chunk = chunk(device, bucket);
    int at = at(bucket);
    chunk.striped[at] = Math.min(chunk.striped[at] + sectors, U32_MAX);
    chunk.seen[at] |= USER;
  }

  /** A stripe has a block there. */
  void stripe(int device, long bucket, boolean parity, long sectors) {
    dirty(device, bucket, sectors, parity ? PARITY : USER);
    chunk(device, bucket).stripes[at(bucket)]++;
  }

  /** What points to the bucket. */
  BucketRebuild.Contents contents(int device, long bucket) {
    Chunk chunk = chunks[device][(int) (bucket >>> CHUNK_BITS)];
    if (chunk == null) {
      return new BucketRebuild.Contents(0, 0, 0, 0, 0, -1);
    }
    int at = at(bucket);
    int generation = (chunk.seen[at] & POINTED) != 0 ? chunk.pointer[at] & 0xff : -1;
    return new BucketRebuild.Contents(
        chunk.dirty[at],
        chunk.cached[at],
        chunk.striped[at],
        chunk.stripes[at] & 0xffff,
        type(chunk, at).number(),
        generation);
  }

  /** Whether different kinds of things point into the bucket. */
  boolean isMixed(int device, long bucket) {
    Chunk chunk = chunks[device][(int) (bucket >>> CHUNK_BITS)];
    int kinds = SB | JOURNAL | BTREE | USER | PARITY;
    return chunk != null && Integer.bitCount(chunk.seen[at(bucket)] & kinds) > 1;
  }

  private static DataType type(Chunk chunk, int at) {
    int seen = chunk.seen[at];
    boolean parity = (seen & PARITY) != 0;
    if (chunk.stripes[at] != 0) {
      return parity ? DataType.PARITY : DataType.STRIPE;
    }
    if (chunk.dirty[at] == 0 && chunk.striped[at] == 0) {
      return DataType.CACHED;
    }
    if ((seen & SB) != 0) {
      return DataType.SB;
    }
    if ((seen & JOURNAL) != 0) {
      return DataType.JOURNAL;
    }
    return (seen & BTREE) != 0 ? DataType.BTREE : parity ? DataType.PARITY : DataType.USER;
  }
}
