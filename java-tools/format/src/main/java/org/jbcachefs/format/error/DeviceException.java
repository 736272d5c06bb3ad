// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/** A device failed to read, write, flush or answer; the cause is the operating system's error. */
public final class DeviceException extends BcachefsException {
  private static final long serialVersionUID = 1;

  public DeviceException(Place place, String what, Throwable cause) {
    super(place, what, cause);
  }

  public DeviceException(Place place, String what) {
    this(place, what, null);
  }
}
