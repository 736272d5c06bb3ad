// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import com.sun.jna.Native;
import com.sun.jna.Platform;

/**
 * System calls of Linux that the JDK does not offer: relative to a directory's descriptor, on raw
 * names, on links themselves, with nanoseconds. Arguments that point to memory are addresses of
 * native segments; names end with NUL. Each returns what the C function returns, -1 for an error,
 * which {@link #errno} then gives.
 */
public final class LibC {
  public static final int AT_FDCWD = -100;
  public static final int AT_SYMLINK_NOFOLLOW = 0x100;
  public static final int AT_REMOVEDIR = 0x200;
  public static final int AT_EMPTY_PATH = 0x1000;
  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_CLOEXEC = 0x80000;

  /** The numbers of these two differ between architectures. */
  public static final int O_DIRECTORY = isArm() ? 0x4000 : 0x10000;

  public static final int O_NOFOLLOW = isArm() ? 0x8000 : 0x20000;

  public static final int S_IFSOCK = 0xc000;
  public static final int STATX_BASIC_STATS = 0x7ff;
  public static final int STATX_BYTES = 256;
  public static final int STATX_LINKS = 16;
  public static final int STATX_UID = 20;
  public static final int STATX_GID = 24;
  public static final int STATX_MODE = 28;
  public static final int STATX_INODE = 32;
  public static final int STATX_SIZE = 40;
  public static final int STATX_ATIME_SECONDS = 64;
  public static final int STATX_ATIME_NANOS = 72;
  public static final int STATX_MTIME_SECONDS = 112;
  public static final int STATX_MTIME_NANOS = 120;
  public static final int STATX_NODE_MAJOR = 128;
  public static final int STATX_NODE_MINOR = 132;
  public static final int STATX_DEVICE_MAJOR = 136;
  public static final int STATX_DEVICE_MINOR = 140;

  /** Where a directory entry has its length and its name. */
  public static final int DIRENT_LENGTH = 16;

  public static final int DIRENT_NAME = 19;
  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  private static final boolean AVAILABLE = register();

  private LibC() {}

  /** Whether these calls work here: on Linux, where JNA has its library for the processor. */
  public static boolean isAvailable() {
    return AVAILABLE;
  }

  private static boolean register() {
    if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
      return false;
    }
    try {
      Native.register(LibC.class, "c");
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static boolean isArm() {
    return Platform.isARM() || Platform.ARCH.startsWith("ppc");
  }

  public static int errno() {
    return Native.getLastError();
  }

  public static native int openat(int directory, long name, int flags, int mode);

  public static native int close(int descriptor);

  public static native int mkdirat(int directory, long name, int mode);

  public static native int unlinkat(int directory, long name, int flags);

  public static native int symlinkat(long target, int directory, long name);

  public static native int linkat(
      int fromDirectory, long fromName, int directory, long name, int flags);

  public static native int renameat(int fromDirectory, long fromName, int directory, long name);

  public static native int mknodat(int directory, long name, int mode, long device);

  public static native int fchownat(int directory, long name, int user, int group, int flags);

  public static native int fchown(int descriptor, int user, int group);

  public static native int fchmodat(int directory, long name, int mode, int flags);

  public static native int fchmod(int descriptor, int mode);

  public static native int utimensat(int directory, long name, long times, int flags);

  public static native int futimens(int descriptor, long times);

  public static native int ftruncate(int descriptor, long length);

  public static native long pwrite(int descriptor, long bytes, long count, long offset);

  public static native int fsetxattr(int descriptor, long name, long value, long bytes, int flags);

  public static native int lsetxattr(long path, long name, long value, long bytes, int flags);

  public static native int lremovexattr(long path, long name);

  public static native int statx(int directory, long name, int flags, int mask, long out);

  public static native long pread(int descriptor, long bytes, long count, long offset);

  public static native long lseek(int descriptor, long offset, int whence);

  public static native long readlinkat(int directory, long name, long out, long bytes);

  public static native long llistxattr(long path, long names, long bytes);

  public static native long lgetxattr(long path, long name, long value, long bytes);

  /** Takes the descriptor over; the address of a stream, or 0. */
  public static native long fdopendir(int descriptor);

  /** The address of a directory entry, valid until the next call; 0 at the end. */
  public static native long readdir(long stream);

  public static native int closedir(long stream);

  public static native int syncfs(int descriptor);

  public static native int geteuid();
}
