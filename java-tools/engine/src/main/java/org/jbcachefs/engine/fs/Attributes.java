// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * What stat(2) shows, exact: times in nanoseconds since 1970 (may be negative), size in bytes,
 * sectors of 512 bytes as accounted in the inode.
 *
 * @param mode file type and permissions, S_IF* included
 * @param majorDevice Linux major number of a device node, 0 for others
 * @param minorDevice Linux minor number of a device node, 0 for others
 * @param flags FS_*_FL bits as lsattr shows them (sync, immutable, append, nodump, noatime)
 */
public record Attributes(
    FileId file,
    int mode,
    int uid,
    int gid,
    long links,
    long size,
    long sectors,
    long atime,
    long mtime,
    long ctime,
    long birthTime,
    int majorDevice,
    int minorDevice,
    int flags,
    int project,
    int generation) {
  public static final int TYPE_MASK = 0xf000;
  public static final int DIRECTORY = 0x4000;
  public static final int REGULAR = 0x8000;
  public static final int SYMLINK = 0xa000;

  /** Of {@link #flags}: reading it is not noted. */
  public static final int NOATIME = 0x80;

  /** Linux keeps minor numbers in the low 20 bits of a device number. */
  private static final int MINOR_BITS = 20;

  private static final int MINOR_MASK = (1 << MINOR_BITS) - 1;

  /** FS_*_FL bits, in the order of the inode flags sync, immutable, append, nodump, noatime. */
  private static final int[] CHATTR_FLAGS = {0x08, 0x10, 0x20, 0x40, 0x80};

  /** Of a file whose inode is that. */
  public static Attributes of(FileId file, Inode inode, FilesystemDefaults defaults) {
    long size = inode.size();
    if (size == 0 && inode.isDirectory()) {
      size = defaults.blockBytes();
    }
    int device = (int) inode.get(InodeField.DEV);
    long project = inode.get(InodeField.PROJECT);
    return new Attributes(
        file,
        inode.mode(),
        (int) inode.get(InodeField.UID),
        (int) inode.get(InodeField.GID),
        inode.links(),
        size,
        inode.sectors(),
        defaults.nanos(inode.get(InodeField.ATIME)),
        defaults.nanos(inode.get(InodeField.MTIME)),
        defaults.nanos(inode.get(InodeField.CTIME)),
        defaults.nanos(inode.get(InodeField.OTIME)),
        device >>> MINOR_BITS,
        device & MINOR_MASK,
        chattrFlags(inode.flags()),
        project == 0 ? 0 : (int) project - 1,
        (int) inode.get(InodeField.GENERATION));
  }

  /** A device's number as inodes have it. */
  public static int device(int major, int minor) {
    return (major << MINOR_BITS) | (minor & MINOR_MASK);
  }

  private static int chattrFlags(int flags) {
    int shown = 0;
    for (int bit = 0; bit < CHATTR_FLAGS.length; bit++) {
      shown |= (flags >>> bit & 1) * CHATTR_FLAGS[bit];
    }
    return shown;
  }

  /** The inode's flags of FS_*_FL bits; those that inodes do not have are left out. */
  public static int inodeFlags(int chattrFlags) {
    int flags = 0;
    for (int bit = 0; bit < CHATTR_FLAGS.length; bit++) {
      flags |= (chattrFlags & CHATTR_FLAGS[bit]) != 0 ? 1 << bit : 0;
    }
    return flags;
  }

  /** The same with another access time, in nanoseconds since 1970. */
  public Attributes withAtime(long time) {
    return with(size, sectors, time, mtime, ctime);
  }

  /** The same with another size and other times. */
  public Attributes with(
      long otherSize, long otherSectors, long otherAtime, long otherMtime, long otherCtime) {
    return new Attributes(
        file,
        mode,
        uid,
        gid,
        links,
        otherSize,
        otherSectors,
        otherAtime,
        otherMtime,
        otherCtime,
        birthTime,
        majorDevice,
        minorDevice,
        flags,
        project,
        generation);
  }

  public boolean isDirectory() {
    return (mode & TYPE_MASK) == DIRECTORY;
  }

  public boolean isRegular() {
    return (mode & TYPE_MASK) == REGULAR;
  }

  public boolean isSymlink() {
    return (mode & TYPE_MASK) == SYMLINK;
  }
}
