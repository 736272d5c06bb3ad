// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FilesystemDefaults;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.PosixAcl;
import org.jbcachefs.engine.fs.XattrName;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Acl;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Xattr;

/** What setattr and setxattr do to inodes. */
final class AttributeChanges {
  private static final int PERMISSIONS = 07777;
  private static final int CHATTR_MASK =
      Inode.FLAG_SYNC
          | Inode.FLAG_IMMUTABLE
          | Inode.FLAG_APPEND
          | Inode.FLAG_NODUMP
          | Inode.FLAG_NOATIME;

  private AttributeChanges() {}

  static Inode apply(TreeTransaction tree, InodeId id, AttributeChange change) {
    tree.writing(id.subvolume());
    Inode inode = tree.inode(id);
    if (change.flags().isEmpty()) {
      requireChangeable(inode, change);
    }
    FilesystemDefaults defaults = tree.filesystem().defaults();
    InodeBuilder changed = new InodeBuilder(inode);
    change.mode().ifPresent(mode -> setMode(tree, id, inode, changed, mode));
    change.uid().ifPresent(uid -> changed.set(InodeField.UID, Integer.toUnsignedLong(uid)));
    change.gid().ifPresent(gid -> changed.set(InodeField.GID, Integer.toUnsignedLong(gid)));
    change.atime().ifPresent(time -> changed.set(InodeField.ATIME, defaults.time(time)));
    change.mtime().ifPresent(time -> changed.set(InodeField.MTIME, defaults.time(time)));
    long ctime =
        change.ctime().isPresent() ? defaults.time(change.ctime().getAsLong()) : tree.now();
    changed.set(InodeField.CTIME, ctime);
    change
        .flags()
        .ifPresent(flags -> {
          int kept = inode.flags() & ~CHATTR_MASK;
          changed.flags(kept | (Attributes.inodeFlags(flags) & CHATTR_MASK));
        });
    change
        .project()
        .ifPresent(project -> changed.set(InodeField.PROJECT, Integer.toUnsignedLong(project) + 1));
    tree.put(id, changed);
    return changed.build();
  }

  /** Only times may change of a file that may only grow, nothing of one that may not change. */
  private static void requireChangeable(Inode inode, AttributeChange change) {
    boolean beyondTimes =
        change.mode().isPresent()
            || change.uid().isPresent()
            || change.gid().isPresent()
            || change.size().isPresent();
    boolean refused =
        inode.has(Inode.FLAG_IMMUTABLE) || (inode.has(Inode.FLAG_APPEND) && beyondTimes);
    if (refused) {
      throw new PosixException(PosixError.EPERM, "the file is immutable or append-only");
    }
  }

  private static void setMode(
      TreeTransaction tree, InodeId id, Inode inode, InodeBuilder changed, int mode) {
    int now = (inode.mode() & Inode.TYPE_MASK) | (mode & PERMISSIONS);
    XattrKeys xattrs = tree.xattrs(id, inode);
    Acl acl = xattrs.accessAcl();
    if (acl != null) {
      xattrs.setAccessAcl(AclRules.withMode(acl, now));
    }
    changed.mode(now);
  }

  static void setXattr(
      TreeTransaction tree, InodeId id, XattrName name, byte[] value, XattrMode mode) {
    tree.writing(id.subvolume());
    Inode inode = tree.inode(id);
    if (inode.has(Inode.FLAG_IMMUTABLE) || inode.has(Inode.FLAG_APPEND)) {
      throw new PosixException(PosixError.EPERM, "the file is immutable or append-only");
    }
    InodeBuilder changed = new InodeBuilder(inode).set(InodeField.CTIME, tree.now());
    XattrKeys xattrs = tree.xattrs(id, inode);
    if (!name.isAcl()) {
      xattrs.set(name, value, mode);
    } else {
      setAcl(inode, xattrs, name, PosixAcl.ofXattr(value), changed);
      tree.noteAcls(xattrs, changed);
    }
    tree.put(id, changed);
  }

  private static void setAcl(
      Inode inode, XattrKeys xattrs, XattrName name, Acl acl, InodeBuilder changed) {
    if ((inode.mode() & Inode.TYPE_MASK) == Inode.TYPE_LINK) {
      throw new PosixException(PosixError.EOPNOTSUPP, "symbolic links have no ACL");
    }
    if (name.type() == Xattr.TYPE_POSIX_ACL_DEFAULT) {
      if (!inode.isDirectory() && acl != null) {
        throw new PosixException(PosixError.EACCES, "only directories have a default ACL");
      }
      xattrs.setDefaultAcl(acl);
      return;
    }
    if (acl != null) {
      changed.mode(AclRules.mode(inode.mode(), acl));
    }
    xattrs.setAccessAcl(acl == null || AclRules.isMinimal(acl) ? null : acl);
  }
}
