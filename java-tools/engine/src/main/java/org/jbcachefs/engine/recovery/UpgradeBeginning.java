// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.Set;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;

/** What happens to a filesystem of an older version before anything else is written to it. */
public interface UpgradeBeginning {
  /**
   * Whether it may go without all this where little is of another form, as in what kernels of
   * version 1.28 leave.
   */
  boolean mayBeShort(Superblock superblock);

  /**
   * Looks whether it can be upgraded; nothing has been written yet.
   *
   * @return btrees that are of no use in their older form and begin empty
   * @throws org.jbcachefs.format.error.RefusedException if it cannot
   */
  Set<BtreeId> check(ReadFilesystem filesystem);

  /** Says in the superblock what is going to be done. */
  void begin(Superblock before, SuperblockEditor editor);
}
