// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/** An operation on files that POSIX, or Linux, has an error for; nothing was changed. */
public final class PosixException extends BcachefsException {
  private static final long serialVersionUID = 1;

  private final PosixError error;

  public PosixException(PosixError error, String what) {
    super(Place.NOWHERE, what, null);
    this.error = error;
  }

  public PosixError error() {
    return error;
  }
}
