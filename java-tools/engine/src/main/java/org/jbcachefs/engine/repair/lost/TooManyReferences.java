// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Shared extents that count more references than there are, by where they are, in sectors. */
final class TooManyReferences {
  /** More references than that to one extent are not believed to be gone. */
  private static final long MOST_GONE = 1 << 20;

  private final NavigableMap<Long, Shared> byStart = new TreeMap<>();
  private long most;

  /** A shared extent, and how many references to it there were once and are no more. */
  record Shared(long start, long end, long gone) {}

  void add(long start, long end, long gone) {
    byStart.put(start, new Shared(start, end, gone));
    // A count that is wrong by itself may be anything, also more than fits into a signed number.
    most += (gone < 0 ? MOST_GONE : Math.min(gone, MOST_GONE)) * (end - start);
  }

  /** Sectors that may be lost of all files, if each reference was to a whole shared extent. */
  long most() {
    return most;
  }

  boolean isEmpty() {
    return byStart.isEmpty();
  }

  int size() {
    return byStart.size();
  }

  void forEach(BiConsumer<Long, Long> action) {
    byStart.values().forEach(one -> action.accept(one.start, one.end));
  }

  /** Those that are in a range, in part at least. */
  List<Shared> within(long from, long to) {
    List<Shared> found = new ArrayList<>();
    Map.Entry<Long, Shared> before = byStart.lowerEntry(from);
    if (before != null && before.getValue().end > from && from < to) {
      found.add(before.getValue());
    }
    if (from < to) {
      found.addAll(byStart.subMap(from, to).values());
    }
    return found;
  }

  /** Where one after the other ends, from a place on. */
  long endFrom(long from) {
    long at = from;
    Map.Entry<Long, Shared> next = byStart.floorEntry(at);
    while (next != null && next.getValue().end > at) {
      at = next.getValue().end;
      next = byStart.floorEntry(at);
    }
    return at;
  }

  /** Where they begin that lie one after the other up to a place. */
  long startTo(long to) {
    long at = to;
    Map.Entry<Long, Shared> before = byStart.lowerEntry(at);
    while (before != null && before.getValue().end >= at) {
      at = before.getKey();
      before = byStart.lowerEntry(at);
    }
    return at;
  }
}
