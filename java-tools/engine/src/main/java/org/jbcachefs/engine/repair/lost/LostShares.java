// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.ReflinkP;

/**
 * References to shared extents that are gone from a btree that can be read as a whole. Nothing
 * points back to them, but what they led to counts more references than there are, and references
 * that are left, of another file that shares it or of the same file, say where that is. If what a
 * file counts and does not have is exactly what of its holes is there, it is lost. Where several
 * places are, or it is only known in which holes it was, all of that is: rather is it an error to
 * read what was a hole than zeros what was data. It is the same where only a file says so that has
 * nothing else at the same places as this one. A file that has what it counts is left alone, and so
 * is one that counts more while nothing that was shared lacks references. Belongs to one thread.
 */
public final class LostShares {
  /** With more places to be considered nothing is said. */
  private static final int MOST = 1 << 10;

  private final WritableFilesystem filesystem;
  private final LostListener told;

  private final TooManyReferences more = new TooManyReferences();

  /** Where references that are left show them in their files; null before it was looked for. */
  private SharedAt shown;

  /**
   * @param findings counts of references that are wrong, before they are put right
   * @param told what is lost
   */
  public LostShares(WritableFilesystem filesystem, List<CheckFinding> findings, LostListener told) {
    this.filesystem = filesystem;
    this.told = told;
    Bkey key = new Bkey();
    for (CheckFinding finding : findings) {
      long counted = Long.parseUnsignedLong(finding.found());
      boolean tooMany =
          Long.compareUnsigned(counted, Long.parseUnsignedLong(finding.expected())) > 0;
      if (tooMany && btrees().lookup(BtreeId.REFLINK.number(), finding.pos(), key)) {
        long gone = counted - Long.parseUnsignedLong(finding.expected());
        more.add(key.start(), key.offset(), gone);
      }
    }
  }

  private Btrees btrees() {
    return filesystem.btrees();
  }

  /**
   * Puts keys that say so.
   *
   * @return whether that is how it is with this version of the file
   */
  public boolean mark(Transaction transaction, Inode version) {
    if (version.isDirectory() || more.isEmpty() || more.size() > MOST) {
      return false;
    }
    if (shown == null) {
      shown = SharedAt.shown(btrees(), more, MOST);
    }
    LostFile file = LostHoles.file(filesystem, transaction, version);
    long missing = file.missing(version);
    if (missing <= 0) {
      return false;
    }
    // What was cloned as a whole is at the same place in both files.
    var lost = exact(file, version, shown);
    var unsure = unsure(transaction, version.number(), lost);
    BrokenRows rows = rows(transaction, version, file.limit(version));
    var broken = rows.exactly(missing);
    if (lost.isEmpty() && broken.isEmpty()) {
      lost = exact(file, version, SharedAt.around(transaction, version.number(), more, MOST));
      broken = lost.isEmpty() ? rows.withRoomFor(missing) : broken;
    }
    var all = with(lost.values(), broken);
    return file.endWith(
        version,
        holes -> widened(holes, within(holes, all), unsure),
        LostHoles.put(filesystem, transaction, file, version, told));
  }

  /**
   * Those places that only a file says which has nothing else in common with this one: that what is
   * missing would be as long there may be by chance.
   */
  private List<NavigableMap<Long, Long>> unsure(
      Transaction transaction, long inode, Map<Long, NavigableMap<Long, Long>> lost) {
    if (lost.isEmpty()) {
      return List.of();
    }
    Set<Long> own = SharedAt.ways(transaction, inode, MOST);
    return lost.entrySet().stream()
        .filter(one -> !own.contains(one.getKey()) && !shown.isSharedAlso(one.getKey(), inode, own))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** Where it is not sure where in a hole it was, all of the hole is lost. */
  private static List<LostFile.Extent> widened(
      List<LostFile.Extent> holes,
      List<LostFile.Extent> parts,
      List<NavigableMap<Long, Long>> unsure) {
    List<LostFile.Extent> wide = new ArrayList<>();
    for (LostFile.Extent hole : holes) {
      if (!within(List.of(hole), unsure).isEmpty()) {
        wide.add(hole);
      } else {
        parts.stream()
            .filter(part -> part.start() >= hole.start() && part.end() <= hole.end())
            .forEach(wide::add);
      }
    }
    return wide;
  }

  private BrokenRows rows(Transaction transaction, Inode version, long limit) {
    Bpos from = new Bpos(version.number(), 0, 0);
    Bpos to = new Bpos(version.number(), -1, -1);
    int[] lineage = filesystem.snapshots().lineage(version.snapshot());
    try (VisibleKeys keys =
        new VisibleKeys(transaction.iterate(BtreeId.EXTENTS, from, to), lineage, false)) {
      return new BrokenRows(keys, more, limit);
    }
  }

  /** Places that are exactly what is missing, by way: all of them, or each way's by itself. */
  private static Map<Long, NavigableMap<Long, Long>> exact(
      LostFile file, Inode version, SharedAt places) {
    Map<Long, NavigableMap<Long, Long>> all = places.byWay();
    if (places.count() > MOST) {
      return Map.of();
    }
    if (file.isExact(version, holes -> within(holes, all.values()))) {
      return all;
    }
    Map<Long, NavigableMap<Long, Long>> alone = new TreeMap<>(all);
    alone.values().removeIf(one -> !file.isExact(version, holes -> within(holes, List.of(one))));
    return alone;
  }

  /** Those places, and holes in which there are none of them, or not as many as there must be. */
  private static Collection<NavigableMap<Long, Long>> with(
      Collection<NavigableMap<Long, Long>> places, Collection<BrokenRows.Hole> holes) {
    List<NavigableMap<Long, Long>> all = new ArrayList<>(places);
    NavigableMap<Long, Long> more = new TreeMap<>();
    for (BrokenRows.Hole hole : holes) {
      LostFile.Extent range =
          new LostFile.Extent(hole.start(), hole.end(), 0, KeyType.ERROR.number(), false);
      long known =
          within(List.of(range), places).stream().mapToLong(one -> one.end() - one.start()).sum();
      if (known < hole.sectors()) {
        more.merge(hole.start(), hole.end(), Math::max);
      }
    }
    all.add(more);
    return all;
  }

  /** Null for other keys, and for one that leads to what is known to be missing. */
  static ReflinkP reference(Bkey key) {
    if (key.type() != KeyType.REFLINK_P.number() || key.valueBytes() < ReflinkP.BYTES) {
      return null;
    }
    ReflinkP reference = ReflinkP.decode(key);
    return reference.error() ? null : reference;
  }

  /** The parts of holes that are at those places. */
  private static List<LostFile.Extent> within(
      List<LostFile.Extent> holes, Collection<NavigableMap<Long, Long>> places) {
    List<LostFile.Extent> parts = new ArrayList<>();
    for (LostFile.Extent hole : holes) {
      NavigableMap<Long, Long> here = new TreeMap<>();
      for (NavigableMap<Long, Long> some : places) {
        some.headMap(hole.end())
            .forEach((from, to) -> {
              long start = Math.max(hole.start(), from);
              long end = Math.min(hole.end(), to);
              if (start < end) {
                here.merge(start, end, Math::max);
              }
            });
      }
      long at = hole.start();
      for (Map.Entry<Long, Long> one : here.entrySet()) {
        long from = Math.max(at, one.getKey());
        if (from < one.getValue()) {
          parts.add(hole.part(from, one.getValue()));
          at = one.getValue();
        }
      }
    }
    return parts;
  }
}
