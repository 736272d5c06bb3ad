// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/**
 * Root directories of snapshots that no live subvolume may show. All snapshots of one tree have the
 * same root inode number.
 */
final class SnapshotRoots {
  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;

  SnapshotRoots(Btrees btrees, SnapshotTable snapshots, SubvolumeTable subvolumes) {
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.subvolumes = subvolumes;
  }

  FileId of(int id, Snapshot snapshot) {
    Subvolume own = subvolumes.get(snapshot.subvolume());
    if (own != null && own.snapshot() == id) {
      return new FileId(snapshot.subvolume(), id, own.inode());
    }
    for (Subvolume other : subvolumes.all().values()) {
      Snapshot theirs = snapshots.get(other.snapshot());
      if (theirs != null && theirs.tree() == snapshot.tree()) {
        return new FileId(0, id, other.inode());
      }
    }
    return new FileId(0, id, search(id));
  }

  /** The first directory that says it is a subvolume's root. */
  private long search(int id) {
    int btree = BtreeId.INODES.number();
    Bpos last = new Bpos(0, -1, -1);
    try (VisibleKeys keys = new VisibleKeys(btrees, snapshots, btree, id, Bpos.MIN, last)) {
      while (keys.next()) {
        if (Inode.is(keys.key())) {
          Inode inode = Inode.decode(keys.key());
          if (inode.isDirectory() && inode.get(InodeField.SUBVOL) != 0) {
            return inode.number();
          }
        }
      }
    }
    return Inode.ROOT;
  }
}
