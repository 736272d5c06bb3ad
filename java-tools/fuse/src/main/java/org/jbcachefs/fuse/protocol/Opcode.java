// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.protocol;

/** Operations by number ({@code enum fuse_opcode}) and the sizes of their fixed arguments. */
public final class Opcode {
  public static final int LOOKUP = 1;
  public static final int FORGET = 2;
  public static final int GETATTR = 3;
  public static final int SETATTR = 4;
  public static final int READLINK = 5;
  public static final int SYMLINK = 6;
  public static final int MKNOD = 8;
  public static final int MKDIR = 9;
  public static final int UNLINK = 10;
  public static final int RMDIR = 11;
  public static final int RENAME = 12;
  public static final int LINK = 13;
  public static final int OPEN = 14;
  public static final int READ = 15;
  public static final int WRITE = 16;
  public static final int STATFS = 17;
  public static final int RELEASE = 18;
  public static final int FSYNC = 20;
  public static final int SETXATTR = 21;
  public static final int GETXATTR = 22;
  public static final int LISTXATTR = 23;
  public static final int REMOVEXATTR = 24;
  public static final int FLUSH = 25;
  public static final int INIT = 26;
  public static final int OPENDIR = 27;
  public static final int READDIR = 28;
  public static final int RELEASEDIR = 29;
  public static final int FSYNCDIR = 30;
  public static final int ACCESS = 34;
  public static final int CREATE = 35;
  public static final int INTERRUPT = 36;
  public static final int DESTROY = 38;
  public static final int IOCTL = 39;
  public static final int BATCH_FORGET = 42;
  public static final int FALLOCATE = 43;
  public static final int READDIRPLUS = 44;
  public static final int RENAME2 = 45;
  public static final int LSEEK = 46;
  public static final int COPY_FILE_RANGE = 47;
  public static final int SYNCFS = 50;
  public static final int TMPFILE = 51;
  public static final int STATX = 52;
  public static final int COPY_FILE_RANGE_64 = 53;

  private Opcode() {}

  /**
   * Bytes of the fixed arguments that stand before names and data in a request; 0 for operations
   * whose arguments nobody here looks at.
   */
  public static int argumentBytes(int opcode) {
    return switch (opcode) {
      case FORGET, OPEN, OPENDIR, GETXATTR, LISTXATTR, ACCESS, INTERRUPT, BATCH_FORGET -> 8;
      case GETATTR -> GetattrIn.BYTES;
      case SETATTR -> SetattrIn.BYTES;
      case MKNOD -> MknodIn.BYTES;
      case MKDIR -> MkdirIn.BYTES;
      case CREATE, TMPFILE -> CreateIn.BYTES;
      case LINK -> LinkIn.BYTES;
      case RENAME -> RenameIn.BYTES;
      case RENAME2 -> RenameIn.BYTES2;
      case WRITE -> WriteIn.BYTES;
      case SETXATTR -> SetxattrIn.BYTES;
      case FSYNC, FSYNCDIR -> FsyncIn.BYTES;
      case FALLOCATE -> FallocateIn.BYTES;
      case COPY_FILE_RANGE, COPY_FILE_RANGE_64 -> CopyRangeIn.BYTES;
      case SYNCFS -> 8;
      case READ, READDIR, READDIRPLUS -> ReadIn.BYTES;
      case RELEASE, RELEASEDIR, FLUSH -> 24;
      case IOCTL -> IoctlIn.BYTES;
      case LSEEK -> LseekIn.BYTES;
      case STATX -> StatxIn.BYTES;
      default -> 0;
    };
  }

  /**
   * Whether answering the operation may take as long as devices take to write, or makes the kernel
   * send others first.
   */
  public static boolean mayWait(int opcode) {
    return switch (opcode) {
      case LSEEK,
          SETATTR,
          WRITE,
          FSYNC,
          FSYNCDIR,
          SYNCFS,
          FALLOCATE,
          COPY_FILE_RANGE,
          COPY_FILE_RANGE_64 ->
          true;
      default -> false;
    };
  }

  /** Whether the operation makes what was changed durable. */
  public static boolean makesDurable(int opcode) {
    return opcode == FSYNC || opcode == FSYNCDIR || opcode == SYNCFS;
  }

  /** Whether the operation would change the filesystem. */
  public static boolean changes(int opcode) {
    return switch (opcode) {
      case SETATTR,
          SYMLINK,
          MKNOD,
          MKDIR,
          UNLINK,
          RMDIR,
          RENAME,
          LINK,
          WRITE,
          SETXATTR,
          REMOVEXATTR,
          CREATE,
          FALLOCATE,
          RENAME2,
          COPY_FILE_RANGE,
          COPY_FILE_RANGE_64,
          TMPFILE ->
          true;
      default -> false;
    };
  }
}
