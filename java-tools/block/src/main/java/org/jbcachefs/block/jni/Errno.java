// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.jni;

/** Linux's error numbers, as far as native code, devices and filesystems answer with them. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int ENOTBLK = 15;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ERANGE = 34;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENODATA = 61;
  public static final int ETIME = 62;
  public static final int ENOLINK = 67;
  public static final int EPROTO = 71;
  public static final int EBADMSG = 74;
  public static final int EOVERFLOW = 75;
  public static final int EILSEQ = 84;
  public static final int EMSGSIZE = 90;
  public static final int EOPNOTSUPP = 95;
  public static final int ECONNABORTED = 103;
  public static final int ENOTCONN = 107;
  public static final int ETIMEDOUT = 110;
  public static final int ESTALE = 116;
  public static final int EREMOTEIO = 121;
  public static final int ECANCELED = 125;
  public static final int ENOKEY = 126;

  private Errno() {}

  /** The words of strerror(3) for the numbers above, "error N" for others. */
  public static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case EINTR -> "interrupted system call";
      case EIO -> "input/output error";
      case ENXIO -> "no such device or address";
      case EBADF -> "bad file descriptor";
      case EAGAIN -> "resource temporarily unavailable";
      case ENOMEM -> "cannot allocate memory";
      case EACCES -> "permission denied";
      case EFAULT -> "bad address";
      case ENOTBLK -> "block device required";
      case EBUSY -> "device or resource busy";
      case EEXIST -> "file exists";
      case ENODEV -> "no such device";
      case ENOTDIR -> "not a directory";
      case EISDIR -> "is a directory";
      case EINVAL -> "invalid argument";
      case ENFILE -> "too many open files in system";
      case EMFILE -> "too many open files";
      case ENOTTY -> "inappropriate ioctl for device";
      case EFBIG -> "file too large";
      case ENOSPC -> "no space left on device";
      case EROFS -> "read-only file system";
      case EPIPE -> "broken pipe";
      case ERANGE -> "numerical result out of range";
      case ENOSYS -> "function not implemented";
      default -> rarerText(errno);
    };
  }

  private static String rarerText(int errno) {
    return switch (errno) {
      case ENODATA -> "no data available";
      case ETIME -> "timer expired";
      case ENOLINK -> "link has been severed";
      case EPROTO -> "protocol error";
      case EBADMSG -> "bad message";
      case EOVERFLOW -> "value too large for defined data type";
      case EILSEQ -> "invalid or incomplete multibyte or wide character";
      case EMSGSIZE -> "message too long";
      case EOPNOTSUPP -> "operation not supported";
      case ECONNABORTED -> "software caused connection abort";
      case ENOTCONN -> "transport endpoint is not connected";
      case ETIMEDOUT -> "connection timed out";
      case ESTALE -> "stale file handle";
      case EREMOTEIO -> "remote I/O error";
      case ECANCELED -> "operation canceled";
      case ENOKEY -> "required key not available";
      default -> "error " + errno;
    };
  }
}
