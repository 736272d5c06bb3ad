// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.alloc.Contributions;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.bkey.BtreeId;

/** Whether keys could not be read without which sums mean nothing. */
final class Lost {
  private Lost() {}

  /** Keys that point to buckets: data, or nodes of any btree. */
  static boolean pointers(CheckContext context) {
    return context.damaged().anyPointers()
        || context.damaged().any(BtreeId.EXTENTS.number())
        || context.damaged().any(BtreeId.REFLINK.number())
        || context.damaged().any(BtreeId.STRIPES.number());
  }

  /** Keys that have counters: pointers, inodes, and since 1.39 all of snapshots. */
  static boolean counted(CheckContext context) {
    boolean lost = pointers(context);
    for (int btree : Contributions.leaves(context.superblock().version())) {
      lost |= context.damaged().any(btree);
    }
    return lost;
  }
}
