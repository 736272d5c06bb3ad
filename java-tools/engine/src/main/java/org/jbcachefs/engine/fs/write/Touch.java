// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.FilesystemDefaults;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** Which times of a file a change of its contents sets. */
interface Touch {
  /** It was changed just now. */
  Touch CHANGED =
      (tree, inode) -> inode.set(InodeField.MTIME, tree.now()).set(InodeField.CTIME, tree.now());

  /** It got room, and holds what it did. */
  Touch RESERVED = (tree, inode) -> inode.set(InodeField.CTIME, tree.now());

  void set(TreeTransaction tree, InodeBuilder inode);

  /** Times as they were set before. */
  static Touch of(DelayedFile.Times times) {
    return (tree, inode) -> {
      FilesystemDefaults defaults = tree.filesystem().defaults();
      set(inode, InodeField.ATIME, times.atime(), defaults);
      set(inode, InodeField.MTIME, times.mtime(), defaults);
      set(inode, InodeField.CTIME, times.ctime(), defaults);
    };
  }

  private static void set(
      InodeBuilder inode, InodeField field, Long time, FilesystemDefaults defaults) {
    if (time != null) {
      inode.set(field, defaults.time(time));
    }
  }
}
