// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Predicate;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;

/**
 * What a session does to a filesystem that can be changed. Thread-safe. The kernel has checked by
 * then who may do what; what POSIX forbids besides fails with {@link
 * org.jbcachefs.format.error.PosixException}, and nothing has changed then.
 *
 * <p>A change is seen by everybody once its method returns; it is durable after {@link #sync}.
 */
public interface Changes {
  /**
   * Who makes a file.
   *
   * @param uid its owner
   * @param gid its group, unless its directory hands on its own
   * @param umask permissions that it does not get, unless its directory has a default ACL
   */
  record Maker(int uid, int gid, int umask) {}

  /**
   * What to change of a file; null leaves what is. Times are nanoseconds since 1970.
   *
   * @param mode permissions, without the file's type
   * @param killSuidgid the size is changed by somebody who may not keep set-user-ID and
   *     set-group-ID
   */
  record Attributed(
      Integer mode,
      Integer uid,
      Integer gid,
      Long size,
      Long atime,
      Long mtime,
      Long ctime,
      boolean killSuidgid) {}

  /** Of {@link #setXattr}: the attribute must not be there yet; it must be there. */
  int XATTR_CREATE = 1;

  int XATTR_REPLACE = 2;

  /**
   * Makes a file of any type but a symbolic link.
   *
   * @param mode type and permissions, S_IF* included
   */
  Attributes make(
      FileId directory, byte[] name, int mode, int majorDevice, int minorDevice, Maker maker);

  Attributes symlink(FileId directory, byte[] name, byte[] target, Maker maker);

  /** Makes a regular file without a name. It is gone once forgotten, if it has none by then. */
  Attributes temporary(FileId directory, int mode, Maker maker);

  /** Gives a file one more name. */
  Attributes link(FileId file, FileId directory, byte[] name);

  /** From now on what that says yes to is in use, until it is {@link #forgotten}. */
  void useBy(Predicate<FileId> user);

  /** Takes away the name of a file that is no directory; what is in use lives on without. */
  void unlink(FileId directory, byte[] name);

  /** Removes an empty directory. */
  void rmdir(FileId directory, byte[] name);

  /**
   * Renames as rename(2) does.
   *
   * @param flags RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT
   */
  void rename(FileId directory, byte[] name, FileId newDirectory, byte[] newName, int flags);

  Attributes change(FileId file, Attributed what);

  /**
   * Sets an extended attribute, or an option under its name "bcachefs.X".
   *
   * @param flags {@link #XATTR_CREATE} or {@link #XATTR_REPLACE}
   * @param killSgid with an access ACL: the file's set-group-ID bit goes
   */
  void setXattr(FileId file, byte[] name, byte[] value, int flags, boolean killSgid);

  void removeXattr(FileId file, byte[] name);

  /**
   * Changes what lsattr(1) shows.
   *
   * @param chattrFlags FS_*_FL bits; null leaves them
   * @param project null leaves it
   */
  void setFlags(FileId file, Integer chattrFlags, Integer project);

  /**
   * Writes data; what lies before a new end reads as zeros.
   *
   * @param data valid during the call
   * @param killSuidgid set-user-ID and set-group-ID go
   * @param later whether it may stay in memory for a while
   * @return how many bytes were written, 1 at least: not all of them only if there is no more room
   */
  long write(FileId file, long offset, MemorySegment data, boolean killSuidgid, boolean later);

  /** Whether there is so much in memory that {@link #write} has to write some of it first. */
  boolean mustWrite();

  /** fallocate(2) with that mode. */
  void allocate(FileId file, int mode, long offset, long length);

  /** copy_file_range(2); returns how many bytes were copied. */
  long copy(FileId from, long offset, FileId to, long toOffset, long length);

  /**
   * A file was read.
   *
   * @param now nanoseconds since 1970
   * @param always whether that counts in any case, or only as relatime has it
   */
  void accessed(FileId file, long now, boolean always);

  /** Returns when everything of the file, and its name, is durable. */
  void sync(FileId file, boolean dataOnly);

  /** Returns when everything is durable. */
  void syncAll();

  /** Files are not in use any more; those that have no name go. */
  void forgotten(List<FileId> files);

  /** Nothing is in use any more. */
  void allForgotten();
}
