// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

/**
 * What a new file is to be.
 *
 * @param mode file type and permissions; type 0 is a regular file
 * @param umask permissions that it does not get, unless the directory has a default ACL
 * @param uid owner
 * @param gid group, unless the directory's is inherited
 * @param majorDevice of device nodes
 * @param minorDevice of device nodes
 * @param target of symbolic links, else null
 */
public record NewInode(
    int mode, int umask, int uid, int gid, int majorDevice, int minorDevice, byte[] target) {
  /** A file, directory, FIFO or socket. */
  public static NewInode of(int mode, int uid, int gid) {
    return new NewInode(mode, 0, uid, gid, 0, 0, null);
  }

  /** A symbolic link. */
  public static NewInode symlink(byte[] target, int uid, int gid) {
    return new NewInode(0xa1ff, 0, uid, gid, 0, 0, target);
  }

  public NewInode withUmask(int mask) {
    return new NewInode(mode, mask, uid, gid, majorDevice, minorDevice, target);
  }

  public NewInode withDevice(int major, int minor) {
    return new NewInode(mode, umask, uid, gid, major, minor, target);
  }
}
