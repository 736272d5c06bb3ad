// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

/** What renameat2(2) does with a name that is there, and with the old name. */
public enum RenameMode {
  /** What has the new name loses it. */
  REPLACE,
  /** EEXIST if something has the new name. */
  NOREPLACE,
  /** Both names exist, and each gets what the other had. */
  EXCHANGE,
  /** Like REPLACE; a character device 0:0 takes the old name. */
  WHITEOUT
}
