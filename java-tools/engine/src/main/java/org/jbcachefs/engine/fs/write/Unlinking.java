// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** Names that are taken away. */
final class Unlinking {
  private Unlinking() {}

  /** What lost a name: its id, and whether that was its last one. */
  record Unlinked(InodeId id, boolean last) {}

  /**
   * Removes a name.
   *
   * @param directoryWanted whether it must be a directory's, or must not be one's
   */
  static Unlinked unlink(
      TreeTransaction tree, InodeId parent, byte[] name, boolean directoryWanted) {
    tree.writing(parent.subvolume());
    Inode directory = tree.directory(parent);
    EntryKeys entries = tree.entries(parent, directory);
    EntryKeys.Found entry = entries.require(name);
    InodeId id = tree.target(parent, entry);
    Inode inode = tree.inode(id);
    checkType(inode, directoryWanted);
    checkMayDelete(directory, inode);
    if (entry.isSubvolume()) {
      throw new PosixException(PosixError.EBUSY, "the root of a subvolume");
    }
    if (inode.isDirectory()) {
      requireEmpty(tree, id, inode);
    }
    entries.remove(entry);
    InodeBuilder changed = TreeTransaction.withoutLink(inode);
    boolean named =
        inode.get(InodeField.DIR) == parent.number()
            && inode.get(InodeField.DIR_OFFSET) == entry.pos().offset();
    if (named) {
      changed.set(InodeField.DIR, 0).set(InodeField.DIR_OFFSET, 0);
    }
    changed.set(InodeField.CTIME, tree.now());
    tree.put(parent, tree.touched(directory, TreeTransaction.isCounted(inode) ? -1 : 0));
    tree.put(id, changed);
    return new Unlinked(id, changed.build().has(Inode.FLAG_UNLINKED));
  }

  private static void checkType(Inode inode, boolean directoryWanted) {
    if (directoryWanted && !inode.isDirectory()) {
      throw new PosixException(PosixError.ENOTDIR, "not a directory");
    }
    if (!directoryWanted && inode.isDirectory()) {
      throw new PosixException(PosixError.EISDIR, "a directory");
    }
  }

  static void checkMayDelete(Inode directory, Inode inode) {
    if (directory.has(Inode.FLAG_APPEND)) {
      throw new PosixException(PosixError.EPERM, "the directory is append-only");
    }
    Creation.requireChangeable(inode);
  }

  static void requireEmpty(TreeTransaction tree, InodeId id, Inode directory) {
    if (!tree.entries(id, directory).isEmpty()) {
      throw new PosixException(PosixError.ENOTEMPTY, "the directory is not empty");
    }
  }
}
