// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * What is left of files whose names or inodes are lost, from one pass over dirents and inodes, all
 * snapshots together, and one step over extents for each file. Immutable once made.
 *
 * @param lost inode numbers that no name leads to, ascending: of inodes, and of data or entries
 *     that have no inode
 * @param types DT_* by inode number of inodes that are missing and have a name
 * @param subvolumes subvolumes that an entry leads to
 * @param snapshots snapshots that inodes are in
 */
record Remains(
    long[] lost, Map<Long, Integer> types, Set<Integer> subvolumes, Set<Integer> snapshots) {

  static Remains find(Btrees btrees) {
    Scan scan = new Scan(btrees);
    scan.inodes();
    scan.dirents();
    scan.extents();
    return scan.remains();
  }

  /** The passes. */
  private static final class Scan {
    private final Btrees btrees;
    private final LongSet inodes = new LongSet();
    private final LongSet unnamed = new LongSet();
    private final LongSet named = new LongSet();
    private final LongSet withContents = new LongSet();
    private final Map<Long, Integer> types = new HashMap<>();
    private final Set<Integer> subvolumes = new HashSet<>();
    private final Set<Integer> snapshots = new HashSet<>();

    Scan(Btrees btrees) {
      this.btrees = btrees;
    }

    private KeyIterator all(BtreeId btree) {
      return btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX);
    }

    void inodes() {
      try (KeyIterator keys = all(BtreeId.INODES)) {
        while (keys.next()) {
          Bkey key = keys.key();
          if (Inode.is(key)) {
            inodes.add(key.offset());
            snapshots.add(key.snapshot());
            if (wantsName(key)) {
              unnamed.add(key.offset());
            }
          }
        }
      }
    }

    /** Whether an inode should have a name: subvolumes' roots and unlinked files need none. */
    private static boolean wantsName(Bkey key) {
      try {
        Inode inode = Inode.decode(key);
        return inode.number() != Inode.ROOT
            && inode.get(InodeField.SUBVOL) == 0
            && !inode.has(Inode.FLAG_UNLINKED);
      } catch (CorruptionException _) {
        // What cannot be decoded is shown by number, if nothing leads to it.
        return true;
      }
    }

    void dirents() {
      long last = 0;
      try (KeyIterator keys = all(BtreeId.DIRENTS)) {
        while (keys.next()) {
          Bkey key = keys.key();
          if (key.type() != KeyType.DIRENT.number()) {
            continue;
          }
          if (key.inode() != last) {
            last = key.inode();
            withContents.add(last);
          }
          target(key);
        }
      }
    }

    private void target(Bkey key) {
      long target = Dirent.target(key);
      if (Dirent.type(key) == Dirent.TYPE_SUBVOLUME) {
        subvolumes.add((int) target);
        return;
      }
      named.add(target);
      if (!inodes.contains(target)) {
        types.put(target, Dirent.type(key));
      }
    }

    void extents() {
      try (KeyIterator keys = all(BtreeId.EXTENTS)) {
        while (keys.next()) {
          long inode = keys.key().inode();
          withContents.add(inode);
          if (inode == -1) {
            return;
          }
          keys.seek(new Bpos(inode + 1, 0, 0));
        }
      }
    }

    Remains remains() {
      LongSet lost = new LongSet();
      for (long number : unnamed.sorted()) {
        if (!named.contains(number)) {
          lost.add(number);
        }
      }
      for (long number : withContents.sorted()) {
        if (!inodes.contains(number) && !named.contains(number)) {
          lost.add(number);
        }
      }
      return new Remains(lost.sorted(), types, subvolumes, snapshots);
    }
  }

  /** DT_* of a missing inode by what names it; -1 if nothing does. */
  int typeOf(long inode) {
    return types.getOrDefault(inode, -1);
  }
}
