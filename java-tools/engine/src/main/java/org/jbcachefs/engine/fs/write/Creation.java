// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Acl;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/** New inodes and new names of inodes. */
final class Creation {
  private static final int SET_GROUP_ID = 02000;

  /** Links that an inode's counter may say. Source: {@code BCH_LINK_MAX}. */
  private static final long LINKS_MOST = 0xffffffffL - 2;

  private Creation() {}

  /**
   * Makes an inode and a name for it.
   *
   * @param name null for a file without one
   */
  static Inode create(TreeTransaction tree, InodeId parent, byte[] name, NewInode how) {
    SnapshotKeys keys = tree.writing(parent.subvolume());
    Inode directory = tree.directory(parent);
    EntryKeys entries = tree.entries(parent, directory);
    if (name != null && entries.find(name) != null) {
      throw new PosixException(PosixError.EEXIST, "the name exists");
    }
    XattrKeys above = new XattrKeys(keys, directory);
    boolean link = (how.mode() & Inode.TYPE_MASK) == Inode.TYPE_LINK;
    Acl inherited = link ? null : above.defaultAcl();
    InodeBuilder made = init(tree, keys, directory, how, inherited);
    boolean isDirectory = made.build().isDirectory();
    Inode before = made.build();
    if (inherited != null) {
      XattrKeys own = new XattrKeys(keys, before);
      Acl access = AclRules.inherited(inherited, before.mode());
      if (!AclRules.isMinimal(access)) {
        own.setAccessAcl(access);
      }
      if (isDirectory) {
        own.setDefaultAcl(inherited);
      }
      made.mode(AclRules.mode(before.mode(), access));
      tree.noteAcls(own, made);
    }
    if (name == null) {
      made.flags(made.flags() | Inode.FLAG_UNLINKED);
    } else {
      int type = before.direntType();
      long offset = entries.add(name, type, before.number());
      made.set(InodeField.DIR, parent.number()).set(InodeField.DIR_OFFSET, offset);
      tree.put(parent, tree.touched(directory, isDirectory ? 1 : 0));
    }
    if (isDirectory) {
      made.set(InodeField.DEPTH, directory.get(InodeField.DEPTH) + 1);
    }
    InodeKeys.put(keys, made.build());
    if (name != null && made.build().has(Inode.FLAG_HAS_CASE_INSENSITIVE)) {
      tree.tellFolding(parent);
    }
    return made.build();
  }

  /** A directory that has neither a name nor a key yet. */
  static Inode unnamed(TreeTransaction tree, InodeId parent, Inode directory, NewInode how) {
    return init(tree, tree.writing(parent.subvolume()), directory, how, null).build();
  }

  private static InodeBuilder init(
      TreeTransaction tree, SnapshotKeys keys, Inode parent, NewInode how, Acl inherited) {
    Superblock superblock = tree.filesystem().superblock();
    boolean small = isSet(parent, InodeOption.INODES_32BIT, superblock);
    InodeNumbers numbers =
        new InodeNumbers((int) superblock.flag(SuperblockFlag.SHARD_INUMS_NBITS));
    InodeNumbers.Found number = numbers.take(tree.transaction(), small);
    int type = how.mode() & Inode.TYPE_MASK;
    int mode = (type == 0 ? Inode.TYPE_REGULAR : type) | (how.mode() & ~Inode.TYPE_MASK);
    mode &= inherited == null ? ~(how.umask() & 0777) : -1;
    int gid = how.gid();
    if ((parent.mode() & SET_GROUP_ID) != 0) {
      gid = (int) parent.get(InodeField.GID);
      mode |= type == Inode.TYPE_DIRECTORY ? SET_GROUP_ID : 0;
    }
    int hash =
        StrHash.typeOf(
            (int) superblock.flag(SuperblockFlag.STR_HASH_TYPE),
            superblock.has(Feature.NEW_SIPHASH));
    InodeBuilder inode = new InodeBuilder(number.number(), keys.snapshot()).mode(mode);
    inode.hash(hash, tree.filesystem().random().nextLong());
    inode.set(InodeField.UID, Integer.toUnsignedLong(how.uid()));
    inode.set(InodeField.GID, Integer.toUnsignedLong(gid));
    inode.set(InodeField.GENERATION, Integer.toUnsignedLong(number.generation()));
    boolean device = type == 0x2000 || type == 0x6000;
    int deviceNumber = Attributes.device(how.majorDevice(), how.minorDevice());
    inode.set(InodeField.DEV, device ? Integer.toUnsignedLong(deviceNumber) : 0);
    inode.set(InodeField.ATIME, tree.now()).set(InodeField.MTIME, tree.now());
    inode.set(InodeField.CTIME, tree.now()).set(InodeField.OTIME, tree.now());
    for (InodeOption option : InodeOption.values()) {
      inode.set(InodeField.of(option), parent.stored(option));
    }
    if (type != Inode.TYPE_DIRECTORY) {
      inode.set(InodeField.CASEFOLD, 0);
    } else if (tree.folds(inode.build())) {
      inode.flags(Inode.FLAG_HAS_CASE_INSENSITIVE);
    }
    return inode;
  }

  private static boolean isSet(Inode inode, InodeOption option, Superblock superblock) {
    long own = inode.stored(option);
    return own == 0 ? superblock.option(option.option()).orElse(0) != 0 : own - 1 != 0;
  }

  /** One more name for a file. */
  static Inode link(TreeTransaction tree, InodeId file, InodeId parent, byte[] name) {
    if (file.subvolume() != parent.subvolume()) {
      throw new PosixException(PosixError.EXDEV, "links do not cross subvolumes");
    }
    SnapshotKeys keys = tree.writing(parent.subvolume());
    Inode directory = tree.directory(parent);
    Inode inode = tree.inode(file);
    if (inode.isDirectory()) {
      throw new PosixException(PosixError.EPERM, "directories have one name");
    }
    requireChangeable(inode);
    InodeBuilder changed = new InodeBuilder(inode).set(InodeField.CTIME, tree.now());
    if (inode.has(Inode.FLAG_UNLINKED)) {
      changed.flags(inode.flags() & ~Inode.FLAG_UNLINKED);
    } else if (inode.get(InodeField.NLINK) >= LINKS_MOST - 1) {
      throw new PosixException(PosixError.EMLINK, "too many links");
    } else {
      changed.set(InodeField.NLINK, inode.get(InodeField.NLINK) + 1);
    }
    if (reinherit(changed, inode, directory)) {
      throw new PosixException(PosixError.EXDEV, "the directory has other options");
    }
    int type = inode.direntType();
    long offset = tree.entries(parent, directory).add(name, type, file.number());
    changed.set(InodeField.DIR, parent.number()).set(InodeField.DIR_OFFSET, offset);
    tree.put(parent, tree.touched(directory, 0));
    InodeKeys.put(keys, changed.build());
    return changed.build();
  }

  static void requireChangeable(Inode inode) {
    if (inode.has(Inode.FLAG_IMMUTABLE) || inode.has(Inode.FLAG_APPEND)) {
      throw new PosixException(PosixError.EPERM, "the file is immutable or append-only");
    }
  }

  /** Options that were not set on an inode itself become its directory's; whether any did. */
  static boolean reinherit(InodeBuilder changed, Inode inode, Inode directory) {
    boolean any = false;
    for (InodeOption option : InodeOption.values()) {
      boolean here = inode.isDirectory() || option != InodeOption.CASEFOLD;
      long theirs = directory.stored(option);
      if (here && !inode.isOwn(option) && inode.stored(option) != theirs) {
        changed.set(InodeField.of(option), theirs);
        any = true;
      }
    }
    return any;
  }
}
