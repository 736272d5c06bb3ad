// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * File data or metadata that cannot be read whole from any copy: every replica failed, was missing,
 * or the extent is poisoned.
 */
public final class LostDataException extends BcachefsException {
  private static final long serialVersionUID = 1;

  public LostDataException(Place place, String what) {
    super(place, what, null);
  }
}
