// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.List;
import org.jbcachefs.format.value.Inode;

/** Whoever has to agree to changes of inodes, and keeps account of them. Thread-safe. */
public interface InodeWatch {
  /**
   * What a subvolume sees of a file changes.
   *
   * @param before null if it saw none
   * @param after null if it will see none
   */
  record Change(Inode before, Inode after) {}

  /** Whether it wants to know of inodes that are changed in that snapshot. */
  boolean concerns(int snapshot);

  /**
   * A transaction is about to be committed; called with the commit lock held, perhaps several
   * times.
   *
   * @throws org.jbcachefs.format.error.PosixException if it must not be: then nothing happens
   */
  void check(List<Change> changes);

  /** It is committed; called with the commit lock held. */
  void committed(List<Change> changes);
}
