// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.nio.charset.StandardCharsets;
import org.jbcachefs.engine.alloc.FilesystemUsage;
import org.jbcachefs.engine.alloc.UsageReader;
import org.jbcachefs.engine.alloc.write.SpaceBudget;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.PathFinder;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.value.Subvolume;

/** A filesystem that is open, as a session serves it. */
public final class ServedFilesystem {
  private static final int SECTOR = 512;

  /** Of 65 parts that are free 64 are shown as available. Source: {@code avail_factor}. */
  private static final int RESERVE_SHIFT = 6;

  /** Where a sector is free two more inodes have room, or nearly. Source: {@code bch2_statfs}. */
  private static final int INODES_IN_A_SECTOR = 2;

  private ServedFilesystem() {}

  /** Serves the root subvolume and everything below it. */
  public static Served of(ReadFilesystem filesystem) {
    PathFinder paths =
        new PathFinder(filesystem.btrees(), filesystem.snapshots(), filesystem.subvolumes());
    return new Served(
        filesystem.namespace(),
        filesystem.data(),
        filesystem.namespace().root(),
        id -> snapshot(filesystem.subvolumes(), id),
        filesystem.superblock().blockBytes(),
        () ->
            usage(
                UsageReader.read(filesystem.btrees(), filesystem.superblock()),
                UsageReader.inodes(filesystem.btrees())),
        file -> path(paths, file));
  }

  /** Serves the root subvolume of a filesystem that is changed, and everything below it. */
  public static Served of(WritableFilesystem filesystem, WritableTree tree) {
    ChangingTree now = new ChangingTree(tree);
    return new Served(
        now,
        now,
        now.root(),
        tree::snapshotOf,
        filesystem.superblock().blockBytes(),
        () -> usage(filesystem.budget(), UsageReader.inodes(filesystem.btrees())),
        file ->
            path(
                new PathFinder(
                    filesystem.btrees(), filesystem.snapshots(), filesystem.subvolumes()),
                file));
  }

  private static int snapshot(SubvolumeTable subvolumes, int id) {
    Subvolume subvolume = subvolumes.get(id);
    return subvolume == null ? 0 : subvolume.snapshot();
  }

  private static Served.Usage usage(FilesystemUsage usage, long inodes) {
    return usage(usage.capacity(), Math.max(0, usage.capacity() - usage.used()), inodes);
  }

  private static Served.Usage usage(SpaceBudget budget, long inodes) {
    return usage(budget.capacity(), budget.free(), inodes);
  }

  private static Served.Usage usage(long capacity, long free, long inodes) {
    long available = (free << RESERVE_SHIFT) / ((1 << RESERVE_SHIFT) + 1);
    long more = free * INODES_IN_A_SECTOR;
    return new Served.Usage(
        capacity * SECTOR, free * SECTOR, available * SECTOR, inodes + more, more);
  }

  private static String path(PathFinder paths, FileId file) {
    return paths
        .path(file)
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .orElseGet(() -> "inode " + file.inode() + " in subvolume " + file.subvolume());
  }
}
