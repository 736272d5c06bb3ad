// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/** A path, subvolume, snapshot, member or option that was asked for by name and is not there. */
public final class NotFoundException extends BcachefsException {
  private static final long serialVersionUID = 1;

  public NotFoundException(Place place, String what) {
    super(place, what, null);
  }
}
