// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Where in files shared extents are that lack references. Places are told apart by their way: how
 * many sectors what a reference leads to is from where the reference is. What was cloned as a whole
 * has the same ways in both files. Belongs to one thread.
 */
final class SharedAt {
  /** Starts and ends, in sectors of a file. */
  private final Map<Long, NavigableMap<Long, Long>> byWay = new TreeMap<>();

  /** By file that shows any of them: by which ways its references go, or many of them. */
  private final Map<Long, Set<Long>> waysOf = new HashMap<>();

  private int count;

  private SharedAt() {}

  /** Where references that are left show them; it ends when there are more than that. */
  static SharedAt shown(Btrees btrees, TooManyReferences more, int most) {
    SharedAt places = new SharedAt();
    try (KeyIterator keys = btrees.iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      long inode = 0;
      Set<Long> ways = new HashSet<>();
      while (places.count <= most && keys.next()) {
        Bkey key = keys.key();
        if (key.inode() != inode) {
          inode = key.inode();
          ways = new HashSet<>();
        }
        ReflinkP reference = LostShares.reference(key);
        if (reference != null) {
          long way = way(key, reference);
          boolean shows = places.add(key, way, more);
          if (shows || ways.size() < most) {
            ways.add(way);
          }
          if (shows) {
            places.waysOf.put(inode, ways);
          }
        }
      }
    }
    return places;
  }

  /**
   * Where they would be if references of that file went on beyond what they show; it ends when
   * there are more than that.
   */
  static SharedAt around(Transaction transaction, long inode, TooManyReferences more, int most) {
    SharedAt places = new SharedAt();
    for (long way : ways(transaction, inode, most)) {
      if (places.count <= most) {
        more.forEach((from, to) -> places.add(way, from - way, to - way));
      }
    }
    return places;
  }

  /** The ways by which the references of a file go that are left, that many at most. */
  static Set<Long> ways(Transaction transaction, long inode, int most) {
    Set<Long> ways = new HashSet<>();
    Bpos from = new Bpos(inode, 0, 0);
    try (KeyIterator keys = transaction.iterate(BtreeId.EXTENTS, from, new Bpos(inode, -1, -1))) {
      while (ways.size() < most && keys.next()) {
        ReflinkP reference = LostShares.reference(keys.key());
        if (reference != null) {
          ways.add(way(keys.key(), reference));
        }
      }
    }
    return ways;
  }

  private static long way(Bkey key, ReflinkP reference) {
    return reference.index() - key.start();
  }

  /** Adds what a reference shows of them; whether that is anything. */
  private boolean add(Bkey key, long way, TooManyReferences more) {
    boolean any = false;
    for (TooManyReferences.Shared one : more.within(key.start() + way, key.offset() + way)) {
      add(way, Math.max(key.start(), one.start() - way), Math.min(key.offset(), one.end() - way));
      any = true;
    }
    return any;
  }

  private void add(long way, long start, long end) {
    byWay.computeIfAbsent(way, _ -> new TreeMap<>()).merge(start, end, Math::max);
    count++;
  }

  int count() {
    return count;
  }

  Map<Long, NavigableMap<Long, Long>> byWay() {
    return byWay;
  }

  /**
   * Whether a file that shows places by that way, other than that one, has another reference that
   * goes by one of those ways.
   */
  boolean isSharedAlso(long way, long butNot, Set<Long> ways) {
    return waysOf.entrySet().stream()
        .filter(one -> one.getKey() != butNot && one.getValue().contains(way))
        .anyMatch(one -> one.getValue().stream().anyMatch(ways::contains));
  }
}
