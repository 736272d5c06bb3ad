// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.Arrays;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/** One rename in one transaction. */
final class Renaming {
  private final TreeTransaction tree;
  private final InodeId fromId;
  private final byte[] fromName;
  private final InodeId toId;
  private final byte[] toName;
  private final RenameMode mode;
  private final boolean sameDirectory;
  private Inode from;
  private Inode to;
  private EntryKeys fromEntries;
  private EntryKeys toEntries;
  private InodeId sourceId;
  private Inode source;
  private InodeId targetId;
  private Inode target;

  Renaming(
      TreeTransaction tree,
      InodeId fromId,
      byte[] fromName,
      InodeId toId,
      byte[] toName,
      RenameMode mode) {
    this.tree = tree;
    this.fromId = fromId;
    this.fromName = fromName;
    this.toId = toId;
    this.toName = toName;
    this.mode = mode;
    this.sameDirectory = fromId.equals(toId);
  }

  /** Carries it out; what lost its name, or null. */
  Unlinking.Unlinked run() {
    tree.writing(fromId.subvolume());
    tree.writing(toId.subvolume());
    from = tree.directory(fromId);
    to = sameDirectory ? from : tree.directory(toId);
    fromEntries = tree.entries(fromId, from);
    toEntries = sameDirectory ? fromEntries : tree.entries(toId, to);
    EntryKeys.Found old = fromEntries.require(fromName);
    EntryKeys.Found there = toEntries.find(toName);
    sourceId = tree.target(fromId, old);
    source = tree.inode(sourceId);
    targetId = there == null ? null : tree.target(toId, there);
    target = there == null ? null : tree.inode(targetId);
    if (sourceId.equals(targetId)) {
      return renameToItself(old, there);
    }
    check();
    boolean exchange = mode == RenameMode.EXCHANGE;
    long newOffset = moveEntries(old, there, exchange);
    InodeBuilder moved = moved(source, toId, to, newOffset);
    InodeBuilder other = null;
    if (exchange) {
      other = moved(target, fromId, from, old.pos().offset());
    } else if (target != null) {
      other = replaced(there);
    }
    putDirectories(exchange);
    tree.put(sourceId, moved);
    if (other != null) {
      tree.put(targetId, other);
    }
    tellFolding(source, toId);
    if (exchange) {
      tellFolding(target, fromId);
    }
    if (mode == RenameMode.WHITEOUT) {
      Creation.create(tree, fromId, fromName, NewInode.of(Inode.TYPE_CHARACTER, 0, 0));
    }
    boolean last = other != null && !exchange && other.build().has(Inode.FLAG_UNLINKED);
    return last ? new Unlinking.Unlinked(targetId, true) : null;
  }

  /** Two names of one file: nothing happens, unless only the name's case changes. */
  private Unlinking.Unlinked renameToItself(EntryKeys.Found old, EntryKeys.Found there) {
    if (mode == RenameMode.NOREPLACE) {
      throw new PosixException(PosixError.EEXIST, "the name exists");
    }
    if (sameDirectory && old.pos().equals(there.pos()) && !Arrays.equals(fromName, toName)) {
      fromEntries.replace(old, toName, old.dirent().type(), old.dirent().target());
      // Where a snapshot has an entry of its own, both inodes have to be its own, too.
      tree.put(fromId, tree.touched(from, 0));
      tree.put(sourceId, new InodeBuilder(source).set(InodeField.CTIME, tree.now()));
    }
    return null;
  }

  private void check() {
    if (mode == RenameMode.NOREPLACE && target != null) {
      throw new PosixException(PosixError.EEXIST, "the name exists");
    }
    if (mode == RenameMode.EXCHANGE && target == null) {
      throw new PosixException(PosixError.ENOENT, "there is nothing to exchange with");
    }
    Unlinking.checkMayDelete(from, source);
    boolean exchange = mode == RenameMode.EXCHANGE;
    if (target != null) {
      Unlinking.checkMayDelete(to, target);
    }
    if (fromId.subvolume() != toId.subvolume()) {
      boolean roots = isRoot(source) && (target == null || isRoot(target));
      if (!roots) {
        throw new PosixException(PosixError.EXDEV, "files do not move between subvolumes");
      }
    }
    if (target != null && !exchange) {
      checkReplaceable();
    }
    if (source.isDirectory() && !sameDirectory) {
      requireOutside(sourceId);
    }
    if (exchange && target.isDirectory() && !sameDirectory) {
      requireOutside(targetId);
    }
  }

  private static boolean isRoot(Inode inode) {
    return inode.get(InodeField.SUBVOL) != 0;
  }

  private void checkReplaceable() {
    if (source.isDirectory() && !target.isDirectory()) {
      throw new PosixException(PosixError.ENOTDIR, "a directory cannot replace a file");
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw new PosixException(PosixError.EISDIR, "a file cannot replace a directory");
    }
    if (isRoot(target)) {
      throw new PosixException(PosixError.EBUSY, "the root of a subvolume");
    }
    if (target.isDirectory()) {
      Unlinking.requireEmpty(tree, targetId, target);
    }
  }

  /** A directory must not get into itself. */
  private void requireOutside(InodeId moving) {
    InodeId at = moving.equals(sourceId) ? toId : fromId;
    while (true) {
      if (at.equals(moving)) {
        throw new PosixException(PosixError.EINVAL, "a directory cannot be in itself");
      }
      at = TreeTransaction.parent(at, tree.inode(at));
      if (at == null) {
        return;
      }
    }
  }

  /** The offset of the new entry. */
  private long moveEntries(EntryKeys.Found old, EntryKeys.Found there, boolean exchange) {
    if (exchange) {
      fromEntries.replace(old, fromName, there.dirent().type(), target(there, fromId));
      toEntries.replace(there, toName, old.dirent().type(), target(old, toId));
      return there.pos().offset();
    }
    // The old one first: the new one may come before it in the same run, and must not lie behind
    // the hole that is left.
    fromEntries.remove(old);
    if (there != null) {
      toEntries.replace(there, toName, old.dirent().type(), target(old, toId));
      return there.pos().offset();
    }
    return toEntries.add(toName, old.dirent().type(), target(old, toId));
  }

  /** What the entry in another directory leads to: a subvolume's says what it is in. */
  private static long target(EntryKeys.Found entry, InodeId directory) {
    Dirent dirent = entry.dirent();
    return dirent.isSubvolume()
        ? (long) directory.subvolume() << Integer.SIZE
            | Integer.toUnsignedLong(dirent.childSubvolume())
        : dirent.target();
  }

  private InodeBuilder moved(Inode inode, InodeId into, Inode parent, long offset) {
    InodeBuilder changed = new InodeBuilder(inode).set(InodeField.CTIME, tree.now());
    changed.set(InodeField.DIR, into.number()).set(InodeField.DIR_OFFSET, offset);
    if (inode.get(InodeField.PARENT_SUBVOL) != 0) {
      moveSubvolume(inode, into);
      changed.set(InodeField.PARENT_SUBVOL, into.subvolume());
    }
    if (!sameDirectory) {
      if (Creation.reinherit(changed, inode, parent) && inode.isDirectory()) {
        throw new PosixException(PosixError.EXDEV, "the directory has other options");
      }
      tree.askForScan(inode, changed.build());
      if (TreeTransaction.isCounted(inode)) {
        changed.set(InodeField.DEPTH, parent.get(InodeField.DEPTH) + 1);
      }
    }
    return changed;
  }

  private void tellFolding(Inode moved, InodeId into) {
    if (!sameDirectory && moved.has(Inode.FLAG_HAS_CASE_INSENSITIVE)) {
      tree.tellFolding(into);
    }
  }

  /** A subvolume that gets into another one: both list it. */
  private void moveSubvolume(Inode root, InodeId into) {
    int id = (int) root.get(InodeField.SUBVOL);
    int old = (int) root.get(InodeField.PARENT_SUBVOL);
    if (id == 0 || old == into.subvolume()) {
      return;
    }
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
    if (!tree.transaction().lookup(BtreeId.SUBVOLUMES, pos, key)) {
      throw new PosixException(PosixError.ESTALE, "there is no subvolume " + id);
    }
    Bkey changed = key.copy();
    org.jbcachefs.format.bytes.Le.putU32(
        changed.segment(),
        changed.valueOffset() + Subvolume.OFFSET_FS_PATH_PARENT,
        into.subvolume());
    tree.transaction().update(BtreeId.SUBVOLUMES, changed);
    long child = Integer.toUnsignedLong(id);
    tree.transaction()
        .delete(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(Integer.toUnsignedLong(old), child));
    tree.transaction()
        .set(BtreeId.SUBVOLUME_CHILDREN, Bpos.of(Integer.toUnsignedLong(into.subvolume()), child));
  }

  /** What was there loses its name. */
  private InodeBuilder replaced(EntryKeys.Found there) {
    InodeBuilder changed = TreeTransaction.withoutLink(target).set(InodeField.CTIME, tree.now());
    boolean named =
        target.get(InodeField.DIR) == toId.number()
            && target.get(InodeField.DIR_OFFSET) == there.pos().offset();
    if (named) {
      changed.set(InodeField.DIR, 0).set(InodeField.DIR_OFFSET, 0);
    }
    return changed;
  }

  private void putDirectories(boolean exchange) {
    long fromLinks = 0;
    long toLinks = 0;
    if (!sameDirectory && TreeTransaction.isCounted(source)) {
      fromLinks--;
      toLinks++;
    }
    if (target != null && TreeTransaction.isCounted(target)) {
      toLinks--;
      fromLinks += exchange ? 1 : 0;
    }
    if (sameDirectory) {
      tree.put(fromId, tree.touched(from, fromLinks + toLinks));
    } else {
      tree.put(fromId, tree.touched(from, fromLinks));
      tree.put(toId, tree.touched(to, toLinks));
    }
  }
}
