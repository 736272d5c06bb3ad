// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/** What a system call on files fails with; numbers are those of Linux on all architectures. */
public enum PosixError {
  EPERM(1),
  ENOENT(2),
  EIO(5),
  E2BIG(7),
  EACCES(13),
  EBUSY(16),
  EEXIST(17),
  EXDEV(18),
  ENOTDIR(20),
  EISDIR(21),
  EINVAL(22),
  EFBIG(27),
  ENOSPC(28),
  EROFS(30),
  EMLINK(31),
  ERANGE(34),
  ENAMETOOLONG(36),
  ENOTEMPTY(39),
  ENODATA(61),
  EOPNOTSUPP(95),
  ESTALE(116),
  EDQUOT(122);

  private final int number;

  PosixError(int number) {
    this.number = number;
  }

  /** The number that {@code errno} has. */
  public int number() {
    return number;
  }
}
