// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

/** Error numbers of Linux that callers tell apart, and their sentences. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EIO = 5;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int ERANGE = 34;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int EOPNOTSUPP = 95;
  public static final int EDQUOT = 122;

  private static final int E2BIG = 7;

  private Errno() {}

  /** What the number means. */
  public static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case EIO -> "input/output error";
      case E2BIG -> "too big";
      case EACCES -> "permission denied";
      case EBUSY -> "in use";
      case EEXIST -> "exists already";
      case ENOTDIR -> "not a directory";
      case EISDIR -> "is a directory";
      case EINVAL -> "not accepted there";
      case EMFILE -> "too many open files";
      case EFBIG -> "file too large";
      case ENOSPC -> "no space left on device";
      case EROFS -> "read-only file system";
      case ERANGE -> "out of range";
      case ENAMETOOLONG -> "name too long";
      case ENOSYS -> "not offered by this system";
      case ENOTEMPTY -> "directory not empty";
      case ELOOP -> "a symbolic link is in the way";
      case EOPNOTSUPP -> "not supported there";
      case EDQUOT -> "disk quota exceeded";
      default -> "error " + errno;
    };
  }
}
