// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.fs.write.WritableTree;

/** A tree that changes, each question answered as of its moment. Thread-safe. */
record ChangingTree(WritableTree tree) implements Namespace, FileData {
  @Override
  public FileId root() {
    return tree.namespace().root();
  }

  @Override
  public FileId subvolumeRoot(int subvolume) {
    return tree.namespace().subvolumeRoot(subvolume);
  }

  @Override
  public FileId snapshotRoot(int snapshot) {
    return tree.namespace().snapshotRoot(snapshot);
  }

  @Override
  public Attributes attributes(FileId file) {
    return tree.attributes(file);
  }

  @Override
  public Optional<DirectoryEntry> lookup(FileId directory, byte[] name) {
    return tree.namespace().lookup(directory, name);
  }

  @Override
  public void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    tree.namespace().list(directory, after, consumer);
  }

  @Override
  public FileId parent(FileId directory) {
    return tree.namespace().parent(directory);
  }

  @Override
  public byte[] readlink(FileId symlink) {
    return tree.namespace().readlink(symlink);
  }

  @Override
  public List<byte[]> listXattrs(FileId file) {
    return tree.namespace().listXattrs(file);
  }

  @Override
  public Optional<byte[]> xattr(FileId file, byte[] name) {
    return tree.namespace().xattr(file, name);
  }

  @Override
  public List<Xattr> optionXattrs(FileId file) {
    return tree.namespace().optionXattrs(file);
  }

  @Override
  public int read(FileId file, long offset, MemorySegment into) {
    return tree.read(TreeChanges.id(file), offset, into);
  }

  @Override
  public long nextData(FileId file, long offset) {
    return tree.nextData(TreeChanges.id(file), offset);
  }

  @Override
  public long nextHole(FileId file, long offset) {
    return tree.nextHole(TreeChanges.id(file), offset);
  }
}
