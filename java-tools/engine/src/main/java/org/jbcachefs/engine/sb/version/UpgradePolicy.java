// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.version;

import java.util.Locale;

/**
 * How far a filesystem is upgraded when it is mounted, in the order of the option's numbers.
 * Source: {@code BCH_VERSION_UPGRADE_OPTS}.
 */
public enum UpgradePolicy {
  /** To the newest version of the same major number. */
  COMPATIBLE,

  /** To the newest version, whose incompatible features may be used from then on. */
  INCOMPATIBLE,

  /** Only if the version is too old to be mounted as it is. */
  NONE;

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
