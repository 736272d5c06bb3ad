// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/** The filesystem is encrypted and no passphrase was given, or the one given is wrong. */
public final class PassphraseException extends BcachefsException {
  private static final long serialVersionUID = 1;

  public PassphraseException(Place place, String what) {
    super(place, what, null);
  }
}
