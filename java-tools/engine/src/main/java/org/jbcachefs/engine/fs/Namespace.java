// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The tree as a mount shows it: every subvolume readable, subvolumes and snapshots appearing as
 * directories. Thread-safe, read-only.
 *
 * <p>Absent files throw {@link org.jbcachefs.format.error.NotFoundException}; damaged metadata
 * throws {@link org.jbcachefs.format.error.CorruptionException}.
 */
public interface Namespace {
  /** Root directory of the root subvolume. */
  FileId root();

  /** Root directory of a subvolume by its id. */
  FileId subvolumeRoot(int subvolume);

  /**
   * Root directory of a subvolume as it was in that snapshot id (which may belong to no live
   * subvolume).
   */
  FileId snapshotRoot(int snapshot);

  Attributes attributes(FileId file);

  /** The entry of that name, casefolded where the directory asks for it. */
  Optional<DirectoryEntry> lookup(FileId directory, byte[] name);

  /**
   * All entries with a hash greater than {@code after} in hash order ("." and ".." are none of
   * them), until the consumer returns false. Begin with -1.
   */
  void list(FileId directory, long after, Predicate<DirectoryEntry> consumer);

  /**
   * Parent directory; a subvolume's root has its parent in another subvolume; the root is its own.
   */
  FileId parent(FileId directory);

  byte[] readlink(FileId symlink);

  /** Full names with prefix ("user.x", "system.posix_acl_access"), stored ones only. */
  List<byte[]> listXattrs(FileId file);

  /**
   * A stored xattr's value as getxattr(2) would return it (ACLs in the kernel's xattr encoding).
   */
  Optional<byte[]> xattr(FileId file, byte[] name);

  /**
   * The kernel's view of per-inode options: "bcachefs.X" for options set on the inode itself,
   * "bcachefs_effective.X" for effective ones.
   */
  List<Xattr> optionXattrs(FileId file);

  /** A name and its value. */
  record Xattr(byte[] name, byte[] value) {}
}
