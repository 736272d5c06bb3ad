// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Holes of a file at which what its references lead to does not go on where it ended before them: a
 * row of them is broken there. If what comes next in it, or is left out, counts more references
 * than there are, some were in that hole; how many sectors is known, but not where in the hole if
 * that is longer. A hole that was always one has nothing left out: the row goes on behind it.
 * Immutable.
 */
final class BrokenRows {
  /** So many are tried in all ways. */
  private static final int MOST_TRIED = 20;

  /** Where it is known how much is left out. */
  private final List<Hole> holes = new ArrayList<>();

  /** All at which what references lead to does not go on. */
  private final List<Hole> all = new ArrayList<>();

  private final TooManyReferences more;

  /**
   * A hole.
   *
   * @param sectors how many of them had data if all that is left out was there
   * @param leftOut each had one reference there at least
   */
  record Hole(long start, long end, long sectors, List<TooManyReferences.Shared> leftOut) {}

  /**
   * @param keys of the extents btree, as one version of the file sees them
   * @param limit where the file ends
   */
  BrokenRows(KeyIterator keys, TooManyReferences more, long limit) {
    this.more = more;
    long at = 0;
    long before = -1;
    boolean any = false;
    while (keys.next()) {
      Bkey key = keys.key();
      if (ExtentCut.isAllocation(key.type())) {
        any = true;
        var reference = LostShares.reference(key);
        long next = reference == null ? -1 : reference.index();
        look(at, Math.min(key.start(), limit), before, next);
        at = Math.max(at, key.offset());
        before = reference == null ? -1 : next + Integer.toUnsignedLong(key.size());
      }
    }
    look(at, limit, before, -1);
    if (!any && limit > 0) {
      all.add(new Hole(0, limit, limit, List.of()));
    }
  }

  /**
   * Looks at what is between two keys.
   *
   * @param before where what the first one leads to ends, -1 if it is no reference
   * @param next where what the other one leads to begins, -1 if it is none
   */
  private void look(long start, long end, long before, long next) {
    if (end <= start || before == next) {
      return;
    }
    long length = end - start;
    all.add(new Hole(start, end, length, List.of()));
    if (before >= 0 && next > before) {
      add(start, end, before, next);
    } else {
      long after = before < 0 ? 0 : Math.min(length, more.endFrom(before) - before);
      long ahead = next < 0 ? 0 : Math.min(length, next - more.startTo(next));
      long sectors = Math.min(length, after + ahead);
      if (sectors > 0) {
        holes.add(new Hole(start, end, sectors, List.of()));
      }
    }
  }

  private void add(long start, long end, long before, long next) {
    List<TooManyReferences.Shared> leftOut = more.within(before, next);
    long length = end - start;
    if (next - before == length) {
      // What was cloned as a whole: it is known where in the hole each was.
      for (TooManyReferences.Shared one : leftOut) {
        long from = start + Math.max(one.start(), before) - before;
        long to = start + Math.min(one.end(), next) - before;
        holes.add(new Hole(from, to, to - from, List.of(one)));
      }
      return;
    }
    long sectors = 0;
    for (TooManyReferences.Shared one : leftOut) {
      sectors += Math.min(one.end(), next) - Math.max(one.start(), before);
    }
    if (sectors > 0) {
      boolean all = sectors <= length;
      holes.add(new Hole(start, end, Math.min(sectors, length), all ? leftOut : List.of()));
    }
  }

  /** All that belong to some choice of them that makes up exactly so many sectors. */
  Collection<Hole> exactly(long missing) {
    if (sum(holes) == missing) {
      return holes;
    }
    if (holes.size() > MOST_TRIED) {
      return List.of();
    }
    Choice choice = new Choice(holes);
    choice.add(0, missing);
    return choice.fitting.stream().mapToObj(holes::get).toList();
  }

  /**
   * All of them, if there is room for so much in what is left out. If there is not, it was of other
   * places of the reflink btree, and may have been in any hole at which a row begins or ends.
   */
  Collection<Hole> withRoomFor(long missing) {
    if (sum(holes) >= missing) {
      return holes;
    }
    return more.most() >= missing && sum(all) >= missing ? all : List.of();
  }

  private static long sum(List<Hole> holes) {
    return holes.stream().mapToLong(Hole::sectors).sum();
  }

  /** Tries all choices: each hole is wholly in it or not. */
  private static final class Choice {
    private final List<Hole> holes;
    private final long[] rest;
    private final BitSet chosen = new BitSet();
    private final BitSet fitting = new BitSet();
    private final Map<TooManyReferences.Shared, Integer> asked = new HashMap<>();

    Choice(List<Hole> holes) {
      this.holes = holes;
      this.rest = new long[holes.size() + 1];
      for (int i = holes.size() - 1; i >= 0; i--) {
        rest[i] = rest[i + 1] + holes.get(i).sectors();
      }
    }

    void add(int index, long missing) {
      if (missing == 0) {
        fitting.or(chosen);
        return;
      }
      if (missing < 0 || missing > rest[index]) {
        return;
      }
      Hole hole = holes.get(index);
      hole.leftOut().forEach(one -> asked.merge(one, 1, Integer::sum));
      boolean enough =
          hole.leftOut().stream()
              .allMatch(one -> Long.compareUnsigned(asked.get(one), one.gone()) <= 0);
      if (enough) {
        chosen.set(index);
        add(index + 1, missing - hole.sectors());
        chosen.clear(index);
      }
      hole.leftOut().forEach(one -> asked.merge(one, -1, Integer::sum));
      add(index + 1, missing);
    }
  }
}
