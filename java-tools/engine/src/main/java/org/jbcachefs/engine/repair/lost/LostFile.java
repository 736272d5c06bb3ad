// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.value.Inode;

/**
 * What of one file is lost. Two witnesses are asked: backpointers that name an extent that is not
 * there, and versions of the inode that count more sectors than there are. A backpointer alone is
 * believed where leaves are lost, both together elsewhere. Where leaves are lost, what no
 * backpointer names (inline data, references to shared extents) may be anywhere in the holes: then
 * all of them there are lost, for it must not be zeros that are read. Filled anew from file to
 * file; belongs to one thread.
 */
final class LostFile {
  /** The longest key that is put at once, in sectors, and how many of them a file gets at most. */
  private static final long LONGEST = 1L << 30;

  private static final int MOST_PIECES = 1 << 12;

  /** So many keys are put by one transaction. */
  private static final int MOST_AT_ONCE = 1 << 8;

  /** So many keys around a place are asked whether they cover it. */
  private static final int NEIGHBOURS = 64;

  private static final Comparator<Extent> ORDER =
      Comparator.comparingLong(Extent::end)
          .thenComparing(Extent::snapshot, Integer::compareUnsigned);

  private final SnapshotTable table;
  private final LostRanges ranges;
  private final Limits limits;
  private final ExtentEntries entries = new ExtentEntries();
  private final List<Extent> extents = new ArrayList<>();
  private final List<Named> named = new ArrayList<>();
  private final List<Inode> versions = new ArrayList<>();
  private final List<Extent> found = new ArrayList<>();
  private final Set<Bpos> outdated = new HashSet<>();
  private long inode;

  /**
   * What extents of a filesystem can be.
   *
   * @param compressedSectors how much of a file compressed data may stand for, 0 if none is
   * @param longestSectors of an extent, compressed or not
   * @param blockSectors in each block
   * @param trusted whether what points back is all there
   * @param sizes of entries that are not known
   */
  record Limits(
      long compressedSectors,
      long longestSectors,
      long blockSectors,
      boolean trusted,
      ExtentEntrySizes sizes) {}

  /** A key of the extents btree: from its start to its end, in sectors. */
  record Extent(long start, long end, int snapshot, int type, boolean sure) {
    boolean allocates() {
      return ExtentCut.isAllocation(type);
    }

    Extent part(long from, long to) {
      return new Extent(from, to, snapshot, type, sure);
    }
  }

  /** An extent that something points back to: where it ends, and how long it is at the devices. */
  private record Named(long end, int snapshot, long sectors) {}

  /** Gets what was found of a file: first what is no more true of it, then what is lost. */
  interface Sink {
    /** An older key that is no more what the file has there. */
    void outdated(Bpos pos);

    /** Nobody knows what is in those sectors. */
    void lost(long inode, long start, long end, int snapshot);
  }

  LostFile(SnapshotTable table, LostRanges ranges, Limits limits) {
    this.table = table;
    this.ranges = ranges;
    this.limits = limits;
  }

  void begin(long number) {
    inode = number;
    extents.clear();
    named.clear();
    versions.clear();
    found.clear();
    outdated.clear();
  }

  /** A version of the inode. */
  void version(Inode version) {
    versions.add(version);
  }

  /**
   * A key of the extents btree, in order.
   *
   * @param witnessed whether something points back to it
   */
  void extent(Bkey key, boolean witnessed) {
    boolean sure = witnessed || !limits.trusted || !ranges.contains(key.pos());
    boolean promised = !limits.trusted && entries.isUnwritten(key, limits.sizes);
    int type = promised ? KeyType.RESERVATION.number() : key.type();
    extents.add(new Extent(key.start(), key.offset(), key.snapshot(), type, sure));
  }

  /** Something points back to an extent that ends there, and that is not there, or another. */
  void named(long end, int snapshot, long sectors) {
    Named one = new Named(end, snapshot, sectors);
    int last = named.size() - 1;
    boolean same = last >= 0 && named.get(last).end == end && named.get(last).snapshot == snapshot;
    if (!same) {
      named.add(one);
    } else if (named.get(last).sectors < sectors) {
      named.set(last, one);
    }
  }

  /** All of the file was said. */
  void end(Sink sink) {
    boolean touched = !ranges.of(inode).isEmpty();
    if (named.isEmpty() && !touched) {
      return;
    }
    if (touched && limits.trusted) {
      dropOutdated();
    }
    List<Named> accepted = accepted();
    put(pieces(accepted, 0));
    boolean unsure = versions.isEmpty() || versions.stream().anyMatch(one -> missing(one) > 0);
    if (limits.compressedSectors > 0 && !accepted.isEmpty() && unsure) {
      extents.removeAll(new HashSet<>(found));
      found.clear();
      put(pieces(accepted, limits.compressedSectors));
    }
    if (touched && !limits.trusted) {
      doubtPromises();
    }
    if (touched) {
      fillHoles();
    }
    outdated.forEach(sink::outdated);
    found.forEach(one -> sink.lost(inode, one.start, one.end, one.snapshot));
  }

  /**
   * Parts of the holes of a version, if they are exactly what it counts and does not have: nothing
   * points back to inline data and to references, and a count that is wrong otherwise does not fit.
   *
   * @param choice which parts, in order and apart from each other
   */
  boolean endExact(Inode version, UnaryOperator<List<Extent>> choice, Sink sink) {
    return isExact(version, choice) && endWith(version, choice, sink);
  }

  /**
   * Parts of the holes of a version, whether they are as much as is missing or more.
   *
   * @return whether there are any, and not too many
   */
  boolean endWith(Inode version, UnaryOperator<List<Extent>> choice, Sink sink) {
    List<Extent> parts = choice.apply(holes(version));
    boolean some = !parts.isEmpty() && parts.size() <= MOST_AT_ONCE;
    if (some) {
      parts.forEach(one -> sink.lost(inode, one.start, one.end, one.snapshot));
    }
    return some;
  }

  /** Whether they are. */
  boolean isExact(Inode version, UnaryOperator<List<Extent>> choice) {
    List<Extent> parts = choice.apply(holes(version));
    long sum = parts.stream().mapToLong(one -> one.end - one.start).sum();
    return sum > 0 && sum == missing(version) && parts.size() <= NEIGHBOURS;
  }

  private void put(List<Extent> pieces) {
    found.addAll(pieces);
    extents.addAll(pieces);
    extents.sort(ORDER);
  }

  private boolean isRelated(int one, int other) {
    return sees(one, other) || sees(other, one);
  }

  private boolean sees(int snapshot, int ancestor) {
    return snapshot == ancestor || table.isAncestor(snapshot, ancestor);
  }

  /** Older leaves may have what was overwritten or removed since: nothing points back to that. */
  private void dropOutdated() {
    for (Inode version : versions) {
      if (counts(version) && missing(version) < 0) {
        int snapshot = version.snapshot();
        drop(one ->
            !one.sure && one.type == KeyType.EXTENT.number() && sees(snapshot, one.snapshot));
      }
    }
    drop(one -> !one.sure && isNamedOver(one));
  }

  /** Whether something points back to another extent that lies there, in part at least. */
  private boolean isNamedOver(Extent one) {
    int from = 0;
    int to = named.size();
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (named.get(middle).end <= one.start) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    for (int i = from; i < named.size() && i < from + NEIGHBOURS; i++) {
      Named name = named.get(i);
      if (name.end - name.sectors < one.end && isRelated(one.snapshot, name.snapshot)) {
        return true;
      }
    }
    return false;
  }

  private void drop(java.util.function.Predicate<Extent> which) {
    extents.removeIf(one -> {
      boolean gone = which.test(one);
      if (gone) {
        outdated.add(new Bpos(inode, one.end, one.snapshot));
      }
      return gone;
    });
  }

  private static boolean counts(Inode version) {
    return !version.has(Inode.FLAG_I_SECTORS_DIRTY);
  }

  /** Sectors that a version counts and does not have; negative if it has more. */
  long missing(Inode version) {
    long sum = 0;
    boolean decided = false;
    long last = 0;
    for (Extent one : extents) {
      if ((decided && one.end == last) || !sees(version.snapshot(), one.snapshot)) {
        continue;
      }
      decided = true;
      last = one.end;
      sum += one.allocates() ? one.end - one.start : 0;
    }
    return version.sectors() - sum;
  }

  private List<Named> accepted() {
    Map<Integer, Boolean> lacking = new HashMap<>();
    List<Named> accepted = new ArrayList<>();
    for (Named name : named) {
      if (!isCovered(name)
          && (isBelieved(name) || lacking.computeIfAbsent(name.snapshot, this::lacksSectors))) {
        accepted.add(name);
      }
    }
    return accepted;
  }

  private boolean isBelieved(Named name) {
    boolean lost = ranges.contains(new Bpos(inode, name.end, name.snapshot));
    return lost && (limits.trusted || version(name.snapshot) == null);
  }

  private boolean lacksSectors(int snapshot) {
    Inode version = version(snapshot);
    return version != null && counts(version) && missing(version) > 0;
  }

  /** The version that a snapshot goes by; null if there is none. */
  private Inode version(int snapshot) {
    Inode nearest = null;
    for (Inode version : versions) {
      boolean seen = sees(snapshot, version.snapshot());
      boolean nearer =
          nearest == null || Integer.compareUnsigned(version.snapshot(), nearest.snapshot()) < 0;
      nearest = seen && nearer ? version : nearest;
    }
    return nearest;
  }

  /** Whether another key is there, or reaches over its end: then it is not what is missing. */
  private boolean isCovered(Named name) {
    Extent at = new Extent(0, name.end, name.snapshot, 0, true);
    int index = java.util.Collections.binarySearch(extents, at, ORDER);
    if (index >= 0) {
      return true;
    }
    int from = -index - 1;
    for (int i = from; i < extents.size() && i < from + NEIGHBOURS; i++) {
      Extent one = extents.get(i);
      if (one.end > name.end && one.start < name.end && isRelated(one.snapshot, name.snapshot)) {
        return true;
      }
    }
    return false;
  }

  /** From the end of what is before them, as long as they are at least, or may be. */
  private List<Extent> pieces(List<Named> accepted, long least) {
    List<Extent> all = new ArrayList<>(extents);
    for (Named name : accepted) {
      long start = Math.max(0, name.end - Math.max(least, name.sectors));
      all.add(new Extent(start, name.end, name.snapshot, KeyType.ERROR.number(), false));
    }
    all.sort(ORDER);
    List<Extent> pieces = new ArrayList<>();
    Set<Extent> known = new HashSet<>(extents);
    for (int i = 0; i < all.size(); i++) {
      Extent one = all.get(i);
      if (!known.contains(one)) {
        long start = Math.max(one.start, endBefore(all, i));
        pieces.add(new Extent(start, one.end, one.snapshot, one.type, false));
      }
    }
    return pieces;
  }

  /** Where the last key ends that lies before that one in any snapshot that sees both. */
  private long endBefore(List<Extent> all, int index) {
    Extent one = all.get(index);
    for (int i = index - 1; i >= 0 && all.get(i).end > one.start; i--) {
      Extent before = all.get(i);
      boolean data = before.allocates() && before.end < one.end;
      if (data && isRelated(before.snapshot, one.snapshot)) {
        return before.end;
      }
    }
    return 0;
  }

  /**
   * What is counted and named by nothing may be anywhere where leaves are lost; where nothing says
   * what there was, all holes there may be data.
   */
  private void fillHoles() {
    List<Inode> ancestorsFirst = new ArrayList<>(versions);
    ancestorsFirst.sort((a, b) -> Integer.compareUnsigned(b.snapshot(), a.snapshot()));
    for (Inode version : ancestorsFirst) {
      // With what is there no more, what is missing may be any number.
      boolean any = limits.trusted ? missing(version) > 0 : missing(version) != 0;
      if (any) {
        put(holes(version));
      }
    }
    extents.stream()
        .map(Extent::snapshot)
        .distinct()
        .filter(snapshot -> version(snapshot) == null)
        .sorted((a, b) -> Integer.compareUnsigned(b, a))
        .toList()
        .forEach(snapshot -> put(holes(snapshot, lastEnd(snapshot))));
  }

  /** Of a file whose inode is lost, too, only what is left of it says how long it was. */
  private long lastEnd(int snapshot) {
    return extents.stream()
        .filter(one -> one.allocates() && sees(snapshot, one.snapshot))
        .mapToLong(Extent::end)
        .max()
        .orElse(0);
  }

  /** Where the last block of the file ends. */
  long limit(Inode version) {
    long block = limits.blockSectors;
    long size = (version.size() + 511) >>> 9;
    return (size + block - 1) / block * block;
  }

  /**
   * What is promised and not written reads as zeros. If it was written afterwards, and what said so
   * is lost, then only what points back would tell.
   */
  private void doubtPromises() {
    for (int i = 0; i < extents.size(); i++) {
      Extent one = extents.get(i);
      Bpos pos = new Bpos(inode, one.end, one.snapshot);
      if (one.type == KeyType.RESERVATION.number() && ranges.contains(pos)) {
        Extent lost = new Extent(one.start, one.end, one.snapshot, KeyType.ERROR.number(), false);
        extents.set(i, lost);
        found.add(lost);
      }
    }
  }

  private List<Extent> holes(Inode version) {
    return holes(version.snapshot(), limit(version));
  }

  private List<Extent> holes(int snapshot, long limit) {
    Holes holes = new Holes(snapshot, ranges.of(inode), below(snapshot));
    long at = 0;
    boolean decided = false;
    long last = 0;
    for (Extent one : extents) {
      if ((decided && one.end == last) || !sees(snapshot, one.snapshot)) {
        continue;
      }
      decided = true;
      last = one.end;
      if (one.allocates()) {
        holes.add(at, Math.min(one.start, limit));
        at = Math.max(at, one.end);
      }
    }
    holes.add(at, limit);
    return holes.found;
  }

  /** What snapshots below have of their own. */
  private List<Extent> below(int snapshot) {
    List<Extent> below = new ArrayList<>();
    for (Extent one : extents) {
      if (one.allocates() && one.snapshot != snapshot && sees(one.snapshot, snapshot)) {
        below.add(one);
      }
    }
    return below;
  }

  /** Collects the parts of holes in which extents may be lost. */
  private final class Holes {
    private final int snapshot;
    private final List<LostRanges.Ends> lost;
    private final List<Extent> below;
    private final List<Extent> found = new ArrayList<>();

    Holes(int snapshot, List<LostRanges.Ends> lost, List<Extent> below) {
      this.snapshot = snapshot;
      this.lost = lost;
      this.below = below;
    }

    /** A hole, in pieces that end where extents below begin and end. */
    void add(long start, long end) {
      long at = start;
      for (LostRanges.Ends ends : lost) {
        at = Math.max(at, ends.from() - Math.min(ends.from(), limits.longestSectors));
        long to = Math.min(end, ends.to());
        for (Extent one : below) {
          if (one.end > at && one.start < to) {
            at = part(at, one.start);
            at = part(at, Math.min(one.end, to));
          }
        }
        while (at < to && found.size() < MOST_PIECES) {
          at = part(at, Math.min(to, at + LONGEST));
        }
      }
    }

    private long part(long from, long to) {
      if (to <= from) {
        return from;
      }
      found.add(new Extent(from, to, snapshot, KeyType.ERROR.number(), false));
      return to;
    }
  }
}
