// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.PathFinder;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Finds the files that share damaged indirect extents. Nothing leads back from an indirect extent
 * to its files, so all damage is collected and looked for in one pass over the extents. Thread-safe
 * until {@link #resolve}.
 */
final class ReflinkOwners {
  /** Beyond that much damage is reported without paths, to bound memory. */
  private static final int MOST_DEFERRED = 100_000;

  private static final int EXTENTS = BtreeId.EXTENTS.number();

  private final Btrees btrees;
  private final PathFinder paths;
  private final int mostPaths;

  /** By the end of the indirect extent. */
  private final TreeMap<Long, Shared> deferred = new TreeMap<>(Long::compareUnsigned);

  /** All that is wrong with one indirect extent, and who shares it. */
  private static final class Shared {
    final List<Damage> damages = new ArrayList<>(1);
    final List<byte[]> paths = new ArrayList<>();
    long start;
  }

  ReflinkOwners(Btrees btrees, PathFinder paths, int mostPaths) {
    this.btrees = btrees;
    this.paths = paths;
    this.mostPaths = mostPaths;
  }

  /** Keeps the damage of an indirect extent for later; false if there is too much of it. */
  synchronized boolean defer(Damage damage) {
    if (deferred.size() >= MOST_DEFERRED) {
      return false;
    }
    deferred.computeIfAbsent(damage.pos().offset(), end -> new Shared()).damages.add(damage);
    return true;
  }

  /** Reports all that was kept, with the paths of the files that share it. */
  void resolve(Consumer<Damage> report) {
    if (deferred.isEmpty()) {
      return;
    }
    Bkey indirect = new Bkey();
    deferred.forEach((end, shared) -> {
      Bpos pos = shared.damages.getFirst().pos();
      shared.start =
          btrees.lookup(BtreeId.REFLINK.number(), pos, indirect) ? indirect.start() : end - 1;
    });
    scan();
    for (Shared shared : deferred.values()) {
      for (Damage damage : shared.damages) {
        report.accept(
            new Damage(
                damage.finding(),
                damage.btree(),
                damage.level(),
                damage.pos(),
                -1,
                0,
                shared.paths));
      }
    }
  }

  private void scan() {
    try (KeyIterator keys = btrees.iterate(EXTENTS, Bpos.MIN, Bpos.MAX)) {
      while (nextReadable(keys)) {
        look(keys.key());
      }
    }
  }

  /** The next key that can be read; lost nodes were reported when they were checked. */
  private static boolean nextReadable(KeyIterator keys) {
    while (true) {
      try {
        return keys.next();
      } catch (CorruptionException e) {
        if (!e.errorName().equals("btree_node_read_error")) {
          return false;
        }
      }
    }
  }

  private void look(Bkey key) {
    if (key.type() != KeyType.REFLINK_P.number() || key.valueBytes() < ReflinkP.BYTES) {
      return;
    }
    long word = Le.u64(key.segment(), key.valueOffset() + ReflinkP.OFFSET_INDEX_AND_FLAGS);
    long from = ReflinkP.INDEX.get(word);
    long to = from + Integer.toUnsignedLong(key.size());
    for (Map.Entry<Long, Shared> entry : deferred.tailMap(from, false).entrySet()) {
      if (Long.compareUnsigned(entry.getValue().start, to) >= 0) {
        return;
      }
      addPaths(entry.getValue().paths, key);
    }
  }

  private void addPaths(List<byte[]> found, Bkey key) {
    int room = mostPaths - found.size();
    for (FileId file :
        paths.filesShowing(EXTENTS, key.inode(), key.offset(), key.snapshot(), room)) {
      paths
          .path(file)
          .filter(path -> found.stream().noneMatch(old -> java.util.Arrays.equals(old, path)))
          .ifPresent(found::add);
    }
  }
}
