// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * The root directory of a subvolume of which neither the key nor the root's inode is left: of the
 * directories that have entries in its snapshot the one that no entry leads to and of which no
 * inode says that it is an ordinary one. With several the one with most entries.
 */
final class RootByEntries {
  private final Btrees btrees;
  private final Map<Integer, Integer> parents;

  /**
   * @param parents snapshot by snapshot its parent, 0 for the root of a tree
   */
  RootByEntries(Btrees btrees, Map<Integer, Integer> parents) {
    this.btrees = btrees;
    this.parents = parents;
  }

  /** The number of the directory; empty if there is none. */
  OptionalLong of(int snapshot) {
    int[] lineage = lineage(snapshot);
    Map<Long, Integer> directories = new TreeMap<>(Long::compareUnsigned);
    Set<Long> named = new HashSet<>();
    try (KeyIterator keys = visible(BtreeId.DIRENTS, Bpos.MIN, Bpos.MAX, lineage)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.DIRENT.number()) {
          directories.merge(key.inode(), 1, Integer::sum);
          if (Dirent.type(key) == Dirent.TYPE_DIRECTORY) {
            named.add(Dirent.target(key));
          }
        }
      }
    }
    directories.keySet().removeAll(named);
    directories.keySet().removeIf(number -> isOrdinary(number, lineage));
    return directories.entrySet().stream()
        .reduce((most, each) -> each.getValue() > most.getValue() ? each : most)
        .map(most -> OptionalLong.of(most.getKey()))
        .orElseGet(OptionalLong::empty);
  }

  private boolean isOrdinary(long number, int[] lineage) {
    try (KeyIterator keys =
        visible(BtreeId.INODES, new Bpos(0, number, 0), new Bpos(0, number, -1), lineage)) {
      while (keys.next()) {
        Inode inode = SubvolumeRepair.decode(keys.key());
        if (inode != null) {
          return inode.get(InodeField.SUBVOL) == 0;
        }
      }
    }
    return false;
  }

  private KeyIterator visible(BtreeId btree, Bpos from, Bpos to, int[] lineage) {
    return new VisibleKeys(btrees.iterate(btree.number(), from, to), lineage, false);
  }

  private int[] lineage(int snapshot) {
    return IntStream.iterate(snapshot, id -> id != 0, id -> parents.getOrDefault(id, 0))
        .limit(parents.size() + 1L)
        .boxed()
        .distinct()
        .sorted(Integer::compareUnsigned)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
