// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.value.Inode;

/**
 * Which files a range of a btree is about, as far as their inodes and names are left. Thread-safe.
 */
public final class RangePaths {
  private final Btrees btrees;
  private final PathFinder finder;

  public RangePaths(Btrees btrees, SnapshotTable snapshots, SubvolumeTable subvolumes) {
    this.btrees = btrees;
    this.finder = new PathFinder(btrees, snapshots, subvolumes);
  }

  /**
   * Absolute paths from the root subvolume of files whose extents, xattrs or directory entries lie
   * in that range; none for other btrees.
   *
   * @param most no more than this are looked for
   */
  public List<byte[]> of(int btree, Bpos from, Bpos to, int most) {
    List<byte[]> paths = new ArrayList<>();
    BtreeId id = BtreeId.of(btree);
    if (id == BtreeId.EXTENTS || id == BtreeId.XATTRS || id == BtreeId.DIRENTS) {
      Bpos first = new Bpos(0, from.inode(), 0);
      Bpos last = new Bpos(0, to.inode(), -1);
      try (KeyIterator inodes = btrees.iterate(BtreeId.INODES.number(), first, last)) {
        while (paths.size() < most && inodes.next()) {
          add(paths, id, inodes.key(), most - paths.size());
        }
      } catch (BcachefsException _) {
        // What cannot be read is told elsewhere; the paths until then are known.
      }
    }
    return paths;
  }

  private void add(List<byte[]> paths, BtreeId btree, Bkey key, int most) {
    boolean has =
        isInode(key) && (btree == BtreeId.XATTRS || isDirectory(key) == (btree == BtreeId.DIRENTS));
    if (!has) {
      return;
    }
    for (FileId file : finder.filesUnder(key.offset(), key.snapshot(), most)) {
      finder.path(file).ifPresent(paths::add);
    }
  }

  private static boolean isInode(Bkey key) {
    KeyType type = KeyType.of(key.type());
    return type == KeyType.INODE || type == KeyType.INODE_V2 || type == KeyType.INODE_V3;
  }

  private static boolean isDirectory(Bkey key) {
    return Inode.decode(key).isDirectory();
  }
}
