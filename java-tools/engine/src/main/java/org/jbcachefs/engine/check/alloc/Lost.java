// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

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

  /** Keys that have counters: pointers, and inodes. */
  static boolean counted(CheckContext context) {
    return pointers(context) || context.damaged().any(BtreeId.INODES.number());
  }
}
