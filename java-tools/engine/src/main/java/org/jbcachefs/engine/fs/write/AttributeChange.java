// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.time.Instant;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * Which attributes of a file are to be changed; immutable, begin with {@link #NONE}.
 *
 * @param mode permissions; a file type in it is ignored
 * @param size in bytes: the file is cut or grows with zeros
 * @param atime nanoseconds since 1970
 * @param mtime nanoseconds since 1970
 * @param ctime nanoseconds since 1970; the time of the change if it is not given
 * @param flags FS_*_FL bits as chattr(1) sets them, all of them
 * @param project quota's project
 */
public record AttributeChange(
    OptionalInt mode,
    OptionalInt uid,
    OptionalInt gid,
    OptionalLong size,
    OptionalLong atime,
    OptionalLong mtime,
    OptionalLong ctime,
    OptionalInt flags,
    OptionalInt project) {
  /** Nothing is changed but ctime. */
  public static final AttributeChange NONE =
      new AttributeChange(
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalInt.empty(),
          OptionalInt.empty());

  public AttributeChange withMode(int to) {
    return new AttributeChange(
        OptionalInt.of(to), uid, gid, size, atime, mtime, ctime, flags, project);
  }

  public AttributeChange withUid(int to) {
    return new AttributeChange(
        mode, OptionalInt.of(to), gid, size, atime, mtime, ctime, flags, project);
  }

  public AttributeChange withGid(int to) {
    return new AttributeChange(
        mode, uid, OptionalInt.of(to), size, atime, mtime, ctime, flags, project);
  }

  public AttributeChange withSize(long to) {
    return new AttributeChange(
        mode, uid, gid, OptionalLong.of(to), atime, mtime, ctime, flags, project);
  }

  public AttributeChange withAtime(long to) {
    return new AttributeChange(
        mode, uid, gid, size, OptionalLong.of(to), mtime, ctime, flags, project);
  }

  public AttributeChange withMtime(long to) {
    return new AttributeChange(
        mode, uid, gid, size, atime, OptionalLong.of(to), ctime, flags, project);
  }

  public AttributeChange withCtime(long to) {
    return new AttributeChange(
        mode, uid, gid, size, atime, mtime, OptionalLong.of(to), flags, project);
  }

  public AttributeChange withFlags(int to) {
    return new AttributeChange(
        mode, uid, gid, size, atime, mtime, ctime, OptionalInt.of(to), project);
  }

  public AttributeChange withProject(int to) {
    return new AttributeChange(
        mode, uid, gid, size, atime, mtime, ctime, flags, OptionalInt.of(to));
  }

  /**
   * Whether it changes times alone of that inode, which may have the owner already that it sets.
   */
  boolean isOfTimesOnly(Inode inode) {
    boolean owners = uid.isPresent() || gid.isPresent();
    return (atime.isPresent() || mtime.isPresent() || owners)
        && (!owners || !inode.has(Inode.FLAG_APPEND))
        && (uid.isEmpty() || uid.getAsInt() == (int) inode.get(InodeField.UID))
        && (gid.isEmpty() || gid.getAsInt() == (int) inode.get(InodeField.GID))
        && mode.isEmpty()
        && size.isEmpty()
        && flags.isEmpty()
        && project.isEmpty();
  }

  /** The times that it sets at that moment. */
  DelayedFile.Times times(Instant now) {
    return new DelayedFile.Times(
        atime.isPresent() ? (Long) atime.getAsLong() : null,
        mtime.isPresent() ? (Long) mtime.getAsLong() : null,
        ctime.orElse(nanos(now)));
  }

  /** Nanoseconds since 1970. */
  static long nanos(Instant moment) {
    return moment.getEpochSecond() * 1_000_000_000L + moment.getNano();
  }
}
