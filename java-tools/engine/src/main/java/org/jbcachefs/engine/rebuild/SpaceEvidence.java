// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.BitSet;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.AllocV4;

/**
 * What the filesystem wrote down about its members' buckets: how many, and which are not of files.
 */
final class SpaceEvidence {
  private final BitSet[] journal;
  private final BitSet[] superblocks;
  private final BitSet[] used;
  private final long[] counted;

  SpaceEvidence(Btrees btrees, int members, int version) {
    journal = sets(members);
    superblocks = sets(members);
    used = sets(members);
    counted = new long[members];
    try (KeyIterator keys = btrees.iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        noteBucket(keys.key());
      }
    } catch (CorruptionException _) {
      // What was seen so far is better than nothing; fsck meets the damage again.
    }
    if (btrees.present().contains(BtreeId.ACCOUNTING.number())) {
      count(btrees, version);
    }
  }

  private static BitSet[] sets(int members) {
    BitSet[] sets = new BitSet[members];
    java.util.Arrays.setAll(sets, _ -> new BitSet());
    return sets;
  }

  private void noteBucket(Bkey key) {
    boolean plausible = key.inode() >= 0 && key.inode() < used.length && key.offset() >>> 32 == 0;
    if (!plausible) {
      return;
    }
    int member = (int) key.inode();
    int bucket = (int) key.offset();
    int type = AllocV4.of(key).dataType();
    if (type == DataType.JOURNAL.number()) {
      journal[member].set(bucket);
    } else if (type == DataType.SB.number()) {
      superblocks[member].set(bucket);
    } else if (type != DataType.FREE.number()) {
      used[member].set(bucket);
    }
  }

  private void count(Btrees btrees, int version) {
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        AccountingKey what = AccountingKey.of(keys.key().pos(), version);
        boolean buckets = what.type() == AccountingType.DEV_DATA_TYPE.number();
        if (buckets && what.number() < counted.length) {
          counted[what.number()] += Accounting.counter(keys.key(), 0);
        }
      }
    } catch (CorruptionException _) {
      java.util.Arrays.fill(counted, 0);
    }
  }

  /** Whether nothing at all is on record, as in an image for reading only. */
  boolean isEmpty() {
    return java.util.stream.IntStream.range(0, used.length)
        .allMatch(i -> used[i].isEmpty() && journal[i].isEmpty() && superblocks[i].isEmpty());
  }

  /** The journal's buckets, ascending; none if nothing tells. */
  BitSet journal(int member) {
    return journal[member];
  }

  /** The buckets that are set aside for superblocks; none if nothing tells. */
  BitSet superblocks(int member) {
    return superblocks[member];
  }

  /** Whether anything but superblocks lies in that bucket. */
  boolean isTaken(int member, int bucket) {
    return journal[member].get(bucket) || used[member].get(bucket);
  }

  /**
   * How many buckets the member has: as counted by what is in them, if that is no more than fit and
   * reaches the last one that is known to be in use; else as many as fit.
   */
  long buckets(int member, long fitting) {
    int known = Math.max(journal[member].length(), used[member].length());
    known = Math.max(known, superblocks[member].length());
    return counted[member] <= fitting && counted[member] >= Math.max(1, known)
        ? counted[member]
        : fitting;
  }
}
