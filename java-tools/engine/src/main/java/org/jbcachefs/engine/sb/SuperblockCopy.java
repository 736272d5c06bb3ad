// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.sb.Superblock;

/**
 * A place where a superblock should be, and what was there.
 *
 * @param sector where on the device
 * @param superblock null if there is no valid one
 * @param problem why there is none; null if there is one
 */
public record SuperblockCopy(long sector, Superblock superblock, BcachefsException problem) {
  public boolean valid() {
    return superblock != null;
  }
}
