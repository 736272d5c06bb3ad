// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.InodeAllocCursor;
import org.jbcachefs.format.value.Shape;

/**
 * Numbers for new inodes. They come from cursors, one for numbers of 31 bits and one for each
 * shard, which is a range of the others; threads use different shards, so that they do not get into
 * each other's way. A number is free if no snapshot has a key for it. Source: {@code
 * bch2_inode_create}, {@code cursor_idx_min_max}.
 */
final class InodeNumbers {
  /** Where the cursors are in the logged_ops btree. */
  private static final long CURSORS = 1;

  private static final long FIRST_SMALL = 4096;
  private static final long LAST_SMALL = Integer.MAX_VALUE;
  private static final int NUMBER_BITS = 63;

  private final int shardBits;

  /** A number, and the generation that its inode gets. */
  record Found(long number, int generation) {}

  InodeNumbers(int shardBits) {
    this.shardBits = shardBits;
  }

  /**
   * Takes a number.
   *
   * @param small whether it must have at most 31 bits
   * @throws PosixException ENOSPC if none is left
   */
  Found take(Transaction transaction, boolean small) {
    long shard = Thread.currentThread().threadId() & ((1L << shardBits) - 1);
    Bpos place = Bpos.of(CURSORS, small ? 0 : shard + 1);
    long first = small ? FIRST_SMALL : Math.max(shard << (NUMBER_BITS - shardBits), 1L << 31);
    long last = small ? LAST_SMALL : ((shard + 1) << (NUMBER_BITS - shardBits)) - 1;
    if (last < 0) {
      last = Long.MAX_VALUE;
    }
    Bkey key = new Bkey();
    boolean known =
        transaction.lookup(BtreeId.LOGGED_OPS, place, key)
            && key.type() == KeyType.INODE_ALLOC_CURSOR.number();
    int generation = 0;
    long start = first;
    if (known) {
      InodeAllocCursor cursor = InodeAllocCursor.decode(key);
      generation = cursor.generation();
      start = Math.max(cursor.index(), first);
      if (start >= last) {
        start = first;
        generation++;
      }
    }
    long number = firstFree(transaction, start, last);
    if (number < 0 && start != first) {
      generation++;
      number = firstFree(transaction, first, start);
    }
    if (number < 0) {
      throw new PosixException(PosixError.ENOSPC, "no inode number is left");
    }
    put(transaction, place, generation, number + 1);
    return new Found(number, generation);
  }

  private void put(Transaction transaction, Bpos place, int generation, long next) {
    InodeAllocCursor cursor =
        new InodeAllocCursor(shardBits, generation, next, Shape.of(InodeAllocCursor.BYTES));
    MemorySegment bytes = MemorySegment.ofArray(new long[InodeAllocCursor.BYTES / Long.BYTES]);
    cursor.encode(bytes, 0);
    Bkey key = new Bkey().setPos(place).setType(KeyType.INODE_ALLOC_CURSOR.number());
    transaction.update(BtreeId.LOGGED_OPS, key.setValue(bytes, 0, InodeAllocCursor.BYTES));
  }

  /** The first number in a range that has no key in any snapshot, or -1. */
  private static long firstFree(Transaction transaction, long from, long to) {
    for (long number = from; number < to; number++) {
      Bpos pos = Bpos.of(0, number);
      try (KeyIterator keys = transaction.iterate(BtreeId.INODES, pos, new Bpos(0, number, -1))) {
        if (!keys.next()) {
          return number;
        }
      }
    }
    return -1;
  }
}
