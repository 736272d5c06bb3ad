// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * From an inode number to a path: upwards from inode to directory entry by the inode's own
 * backpointer (bi_dir, bi_dir_offset), and across subvolume roots. Thread-safe.
 */
public final class PathFinder {
  /** Deeper ones are damage: a directory that is its own ancestor. */
  private static final int MAX_DEPTH = 4096;

  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final SubvolumeTable subvolumes;
  private final Inodes inodes;

  public PathFinder(Btrees btrees, SnapshotTable snapshots, SubvolumeTable subvolumes) {
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.subvolumes = subvolumes;
    this.inodes = new Inodes(btrees, snapshots);
  }

  /**
   * The files that show a key: one for each subvolume in which no newer key hides it.
   *
   * @param btree where the key is; its inode field is the file's
   * @param most no more than that many
   */
  public List<FileId> filesShowing(int btree, long inode, long offset, int snapshot, int most) {
    List<FileId> files = new ArrayList<>();
    Bkey seen = new Bkey();
    for (Map.Entry<Integer, Subvolume> entry : subvolumes.all().entrySet()) {
      int own = entry.getValue().snapshot();
      if (files.size() < most
          && snapshots.isAncestor(own, snapshot)
          && VisibleKeys.find(btrees, snapshots, btree, own, inode, offset, seen)
          && seen.snapshot() == snapshot) {
        files.add(new FileId(entry.getKey(), own, inode));
      }
    }
    return files;
  }

  /**
   * The files that a key in that snapshot would belong to if nothing hid it: for keys that are not
   * there any more.
   *
   * @param inode the file's
   * @param most no more than that many
   */
  public List<FileId> filesUnder(long inode, int snapshot, int most) {
    List<FileId> files = new ArrayList<>();
    for (Map.Entry<Integer, Subvolume> entry : subvolumes.all().entrySet()) {
      int own = entry.getValue().snapshot();
      if (files.size() < most && snapshots.isAncestor(own, snapshot)) {
        files.add(new FileId(entry.getKey(), own, inode));
      }
    }
    return files;
  }

  /**
   * An absolute path of that file from the root subvolume; empty if its inode or a directory on the
   * way says nothing of where it is, or is damaged.
   */
  public Optional<byte[]> path(FileId file) {
    try {
      return climb(file);
    } catch (CorruptionException e) {
      // Whoever asks for a path is about to report damage; that a path is unknown is all it needs.
      return Optional.empty();
    }
  }

  private Optional<byte[]> climb(FileId file) {
    Deque<byte[]> names = new ArrayDeque<>();
    FileId at = file;
    while (!isRoot(at)) {
      Optional<Inode> inode = inodes.find(at.snapshot(), at.inode());
      if (names.size() == MAX_DEPTH || inode.isEmpty()) {
        return Optional.empty();
      }
      Optional<FileId> directory = directory(at, inode.get());
      if (directory.isEmpty()) {
        return Optional.empty();
      }
      long slot = inode.get().get(InodeField.DIR_OFFSET);
      Optional<byte[]> name = name(directory.get(), slot);
      if (name.isEmpty()) {
        return Optional.empty();
      }
      names.push(name.get());
      at = directory.get();
    }
    return Optional.of(join(names));
  }

  private boolean isRoot(FileId file) {
    Subvolume root = subvolumes.get(Subvolume.ROOT);
    return file.subvolume() == Subvolume.ROOT && root != null && root.inode() == file.inode();
  }

  private Optional<FileId> directory(FileId file, Inode inode) {
    long number = inode.get(InodeField.DIR);
    if (number == 0) {
      return Optional.empty();
    }
    Subvolume own = subvolumes.get(file.subvolume());
    if (own == null || own.inode() != file.inode()) {
      return Optional.of(new FileId(file.subvolume(), file.snapshot(), number));
    }
    int parent = (int) inode.get(InodeField.PARENT_SUBVOL);
    return Optional.ofNullable(subvolumes.get(parent))
        .map(subvolume -> new FileId(parent, subvolume.snapshot(), number));
  }

  private Optional<byte[]> name(FileId directory, long slot) {
    Bkey key = new Bkey();
    int dirents = BtreeId.DIRENTS.number();
    return VisibleKeys.find(
                btrees, snapshots, dirents, directory.snapshot(), directory.inode(), slot, key)
            && key.type() == KeyType.DIRENT.number()
        ? Optional.of(Dirent.decode(key).name())
        : Optional.empty();
  }

  private static byte[] join(Deque<byte[]> names) {
    ByteArrayOutputStream path = new ByteArrayOutputStream();
    for (byte[] name : names) {
      path.write('/');
      path.writeBytes(name);
    }
    return names.isEmpty() ? new byte[] {'/'} : path.toByteArray();
  }
}
