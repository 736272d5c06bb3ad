// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * A filesystem, member or request that is refused by name: too new, too old, an unknown
 * incompatible feature, a stale or split-brain member, too few members, a busy device.
 */
public final class RefusedException extends BcachefsException {
  private static final long serialVersionUID = 1;

  private final String reason;

  public RefusedException(String reason, Place place, String what) {
    super(place, what, null);
    this.reason = reason;
  }

  /** A stable name of the reason, e.g. "unknown_feature", "split_brain", "insufficient_devices". */
  public String reason() {
    return reason;
  }
}
