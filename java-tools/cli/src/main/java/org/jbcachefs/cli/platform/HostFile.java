// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

/**
 * What stat(2) says of a file of this machine.
 *
 * @param mode type and permissions
 * @param device the filesystem that it is on, as one number
 * @param nodeMajor of device nodes
 * @param atime nanoseconds since 1970
 * @param mtime nanoseconds since 1970
 */
public record HostFile(
    int mode,
    int uid,
    int gid,
    long links,
    long inode,
    long device,
    int nodeMajor,
    int nodeMinor,
    long size,
    long atime,
    long mtime) {
  private static final int TYPE = 0xf000;
  private static final int DIRECTORY = 0x4000;
  private static final int REGULAR = 0x8000;
  private static final int SYMLINK = 0xa000;

  public boolean isDirectory() {
    return (mode & TYPE) == DIRECTORY;
  }

  public boolean isRegular() {
    return (mode & TYPE) == REGULAR;
  }

  public boolean isSymlink() {
    return (mode & TYPE) == SYMLINK;
  }
}
