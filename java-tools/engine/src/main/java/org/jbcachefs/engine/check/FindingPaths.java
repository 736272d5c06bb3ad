// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.PathFinder;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;

/**
 * Which files a finding is about, by path: known of keys that belong to an inode, as far as the
 * damage lets its directories be found. Takes lookups: for findings that are shown.
 */
public final class FindingPaths {
  /** Damage that is shared by more files names only some of them. */
  private static final int MOST_PATHS = 16;

  private final ReadFilesystem filesystem;
  private PathFinder finder;
  private boolean hopeless;

  public FindingPaths(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** Absolute paths from the root subvolume; empty if none is known. */
  public List<byte[]> of(CheckFinding finding) {
    BtreeId btree = BtreeId.of(finding.btree());
    boolean ofFile =
        btree == BtreeId.EXTENTS
            || btree == BtreeId.INODES
            || btree == BtreeId.DIRENTS
            || btree == BtreeId.XATTRS;
    if (!ofFile || finding.level() > 0 || finding.pos() == null || !ready()) {
      return List.of();
    }
    Bpos pos = finding.pos();
    long inode = btree == BtreeId.INODES ? pos.offset() : pos.inode();
    List<byte[]> found = new ArrayList<>();
    try {
      for (FileId file : files(finding.btree(), pos, inode)) {
        finder.path(new FileId(file.subvolume(), file.snapshot(), inode)).ifPresent(found::add);
      }
    } catch (CorruptionException e) {
      // The damage on the way is a finding of its own; the path stays unknown.
      return found;
    }
    return found;
  }

  /** A key that was left out as wrong by itself is not to be seen; its file may be. */
  private List<FileId> files(int btree, Bpos pos, long inode) {
    List<FileId> showing =
        finder.filesShowing(btree, pos.inode(), pos.offset(), pos.snapshot(), MOST_PATHS);
    boolean there = !showing.isEmpty() || filesystem.btrees().lookup(btree, pos, new Bkey());
    return there ? showing : finder.filesUnder(inode, pos.snapshot(), MOST_PATHS);
  }

  private boolean ready() {
    if (finder == null && !hopeless) {
      try {
        finder =
            new PathFinder(filesystem.btrees(), filesystem.snapshots(), filesystem.subvolumes());
      } catch (CorruptionException e) {
        // Likewise: without snapshots and subvolumes there are no paths.
        hopeless = true;
      }
    }
    return finder != null;
  }
}
