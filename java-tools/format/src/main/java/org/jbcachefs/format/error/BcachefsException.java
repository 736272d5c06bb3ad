// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * What went wrong, as a value with a name. The message is one clear sentence without the place;
 * {@link #place()} says where.
 */
public abstract sealed class BcachefsException extends RuntimeException
    permits CorruptionException,
        DeviceException,
        LostDataException,
        NotFoundException,
        PassphraseException,
        PosixException,
        RefusedException {
  private static final long serialVersionUID = 1;

  private final transient Place place;

  protected BcachefsException(Place place, String what, Throwable cause) {
    super(what, cause);
    this.place = place;
  }

  /** Where it happened; {@link Place#NOWHERE} if that is not known. */
  public Place place() {
    return place == null ? Place.NOWHERE : place;
  }

  /** The place, a colon, and what is wrong; never more than one line. */
  public String sentence() {
    String where = place().toString();
    return where.isEmpty() ? getMessage() : where + ": " + getMessage();
  }
}
