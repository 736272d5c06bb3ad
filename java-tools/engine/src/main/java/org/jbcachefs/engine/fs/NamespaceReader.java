// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.Subvolume;

/** The namespace read from the btrees. Thread-safe. */
public final class NamespaceReader implements Namespace {
  /** Longer targets than any kernel follows or makes. */
  private static final long SYMLINK_MAX_BYTES = 1 << 16;

  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;
  private final FileData data;
  private final FilesystemDefaults defaults;
  private final InodeSource inodes;
  private final Directories directories;
  private final Xattrs xattrs;
  private final SnapshotRoots snapshotRoots;

  /** The namespace of a filesystem that is whole. */
  public NamespaceReader(
      Btrees btrees,
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      FileData data,
      FilesystemDefaults defaults) {
    this(btrees, snapshots, subvolumes, new Inodes(btrees, snapshots), data, defaults, null);
  }

  /**
   * A namespace with inodes from elsewhere.
   *
   * @param damage null where damage is to be thrown; else it is told as far as it can be passed
   *     over
   */
  NamespaceReader(
      Btrees btrees,
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      InodeSource inodes,
      FileData data,
      FilesystemDefaults defaults,
      Consumer<Finding> damage) {
    this.snapshots = snapshots;
    this.subvolumes = subvolumes;
    this.data = data;
    this.defaults = defaults;
    this.inodes = inodes;
    this.directories = new Directories(btrees, snapshots, subvolumes, defaults.casefold(), damage);
    this.xattrs = new Xattrs(btrees, snapshots);
    this.snapshotRoots = new SnapshotRoots(btrees, snapshots, subvolumes);
  }

  @Override
  public FileId root() {
    return subvolumeRoot(Subvolume.ROOT);
  }

  @Override
  public FileId subvolumeRoot(int id) {
    Subvolume subvolume = subvolumes.get(id);
    if (subvolume == null) {
      throw new NotFoundException(Place.NOWHERE, "there is no subvolume " + id);
    }
    return new FileId(id, subvolume.snapshot(), subvolume.inode());
  }

  @Override
  public FileId snapshotRoot(int id) {
    Snapshot snapshot = snapshots.get(id);
    if (snapshot == null || snapshot.deleted()) {
      String text = snapshot == null ? "there is no snapshot " : "deleted is snapshot ";
      throw new NotFoundException(Place.NOWHERE, text + Integer.toUnsignedString(id));
    }
    return snapshotRoots.of(id, snapshot);
  }

  @Override
  public Attributes attributes(FileId file) {
    return Attributes.of(file, inodes.get(file), defaults);
  }

  @Override
  public Optional<DirectoryEntry> lookup(FileId directory, byte[] name) {
    Inode inode = inodes.get(directory);
    return RescueInodes.isMadeUp(inode)
        ? directories.search(directory, name)
        : directories.lookup(directory, inode, name);
  }

  @Override
  public void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    directories.list(directory, after, consumer);
  }

  @Override
  public FileId parent(FileId directory) {
    Inode inode = inodes.get(directory);
    if (isRootOf(directory, Subvolume.ROOT) || !inode.hasBackpointer()) {
      return directory;
    }
    long parent = inode.get(InodeField.DIR);
    int outer = (int) inode.get(InodeField.PARENT_SUBVOL);
    if (outer == 0 || !isRootOf(directory, directory.subvolume())) {
      return new FileId(directory.subvolume(), directory.snapshot(), parent);
    }
    Subvolume subvolume = subvolumes.get(outer);
    if (subvolume == null) {
      throw new CorruptionException(
          "subvol_missing",
          Place.structure("btree subvolumes").at("0:" + outer),
          "subvolume " + directory.subvolume() + " is in a subvolume that is missing");
    }
    return new FileId(outer, subvolume.snapshot(), parent);
  }

  private boolean isRootOf(FileId file, int id) {
    Subvolume subvolume = subvolumes.get(id);
    return file.subvolume() == id && subvolume != null && subvolume.inode() == file.inode();
  }

  @Override
  public byte[] readlink(FileId symlink) {
    Inode inode = inodes.get(symlink);
    long size = inode.size();
    if (size < 0 || size > SYMLINK_MAX_BYTES) {
      throw new CorruptionException(
          "inode_i_size_dirty_but_clean",
          Place.structure("btree inodes").at(Long.toUnsignedString(symlink.inode())),
          "the symbolic link's target is said to have " + Long.toUnsignedString(size) + " bytes");
    }
    byte[] target = new byte[(int) size];
    int read = data.read(symlink, 0, MemorySegment.ofArray(target));
    int end = 0;
    while (end < read && target[end] != 0) {
      end++;
    }
    if (end == 0) {
      // No link leads nowhere: what a repair could not find again reads as a hole.
      throw new LostDataException(
          Place.structure("btree inodes").at(Long.toUnsignedString(symlink.inode())),
          "nothing of the symbolic link's target is left");
    }
    return Arrays.copyOf(target, end);
  }

  @Override
  public List<byte[]> listXattrs(FileId file) {
    return xattrs.names(file);
  }

  @Override
  public Optional<byte[]> xattr(FileId file, byte[] name) {
    return xattrs.value(file, inodes.get(file), name);
  }

  @Override
  public List<Xattr> optionXattrs(FileId file) {
    return OptionXattrs.of(inodes.get(file), defaults.targetName());
  }
}
