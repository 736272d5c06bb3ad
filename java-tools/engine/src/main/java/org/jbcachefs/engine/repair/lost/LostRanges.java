// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jbcachefs.engine.btree.RescueReport;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/** Ranges of the extents btree of which leaves are lost, or replaced by older ones. Immutable. */
public final class LostRanges {
  static final LostRanges NONE = new LostRanges(List.of());
  static final LostRanges ALL = new LostRanges(List.of(new Range(Bpos.MIN, Bpos.MAX)));

  private final List<Range> ranges;

  /** From a position to another, both included. */
  public record Range(Bpos from, Bpos to) {}

  /** Sectors of one file between which extents may be missing that end there. */
  record Ends(long from, long to) {}

  private LostRanges(List<Range> ranges) {
    this.ranges = List.copyOf(ranges);
  }

  /**
   * Those that a rescue met, and others.
   *
   * @param more where keys may be lost that a rescue does not miss: it takes of a node what it can
   */
  static LostRanges of(RescueReport report, List<Range> more) {
    int btree = BtreeId.EXTENTS.number();
    List<Range> ranges = new ArrayList<>(more);
    for (RescueReport.Replaced one : report.replaced()) {
      if (one.btree() == btree) {
        ranges.add(new Range(one.from(), one.to()));
      }
    }
    for (RescueReport.Lost one : report.lost()) {
      if (one.btree() == btree) {
        ranges.add(new Range(one.from(), one.to()));
      }
    }
    return new LostRanges(merged(ranges));
  }

  private static List<Range> merged(List<Range> ranges) {
    ranges.sort(Comparator.comparing(Range::from));
    List<Range> merged = new ArrayList<>();
    for (Range range : ranges) {
      Range last = merged.isEmpty() ? null : merged.getLast();
      if (last == null || last.to.compareTo(range.from) < 0) {
        merged.add(range);
      } else if (last.to.compareTo(range.to) < 0) {
        merged.set(merged.size() - 1, new Range(last.from, range.to));
      }
    }
    return merged;
  }

  /** Whether a key there may be lost. */
  boolean contains(Bpos pos) {
    return ranges.stream()
        .anyMatch(range -> range.from.compareTo(pos) <= 0 && range.to.compareTo(pos) >= 0);
  }

  /** The same of all keys of a file. */
  List<Ends> of(long inode) {
    List<Ends> ends = new ArrayList<>();
    for (Range range : ranges) {
      boolean begins = Long.compareUnsigned(range.from.inode(), inode) <= 0;
      boolean goesOn = Long.compareUnsigned(range.to.inode(), inode) >= 0;
      if (begins && goesOn) {
        long from = range.from.inode() == inode ? range.from.offset() : 0;
        boolean within = range.to.inode() == inode && range.to.offset() >= 0;
        ends.add(new Ends(from, within ? range.to.offset() : Long.MAX_VALUE));
      }
    }
    return ends;
  }
}
