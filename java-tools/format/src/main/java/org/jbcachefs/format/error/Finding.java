// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * Something wrong that was found on the way and did not stop the reading: reported, not thrown.
 *
 * @param severity what it means for whoever reads
 * @param name the format's own error id by name, e.g. "journal_entries_missing", or a name of the
 *     same form where the format has none
 * @param place where
 * @param what one clear sentence without the place
 */
public record Finding(Severity severity, String name, Place place, String what) {
  /** What a finding means. */
  public enum Severity {
    /** Good to know; nothing is damaged. */
    NOTE,
    /** Damaged here, but what was asked for was read from elsewhere. */
    MENDED,
    /** Something is lost or unreadable. */
    LOST
  }

  /** Something lost. */
  public Finding(String name, Place place, String what) {
    this(Severity.LOST, name, place, what);
  }

  /** The same as a value that an exception says: something lost. */
  public static Finding of(BcachefsException e) {
    return of(Severity.LOST, e);
  }

  /** The same as a value that an exception says, when it was dealt with. */
  public static Finding of(Severity severity, BcachefsException e) {
    return new Finding(severity, nameOf(e), e.place(), e.getMessage());
  }

  private static String nameOf(BcachefsException e) {
    return switch (e) {
      case CorruptionException corruption -> corruption.errorName();
      case RefusedException refused -> refused.reason();
      case DeviceException _ -> "device_error";
      case LostDataException _ -> "data_lost";
      case NotFoundException _ -> "not_found";
      case PassphraseException _ -> "passphrase";
      case PosixException posix -> posix.error().name();
    };
  }

  /** The place, a colon, and what is wrong; never more than one line. */
  public String sentence() {
    String where = place.toString();
    return where.isEmpty() ? what : where + ": " + what;
  }
}
