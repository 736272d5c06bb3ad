// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import org.jbcachefs.format.node.BtreePointer;

/**
 * The part of a commit that changes which nodes there are: carried out in memory at the moment at
 * which the pointers change.
 */
public interface InteriorChange {
  /** The root before, whose pointer goes; null if the root stays or was never written. */
  BtreePointer oldRoot();

  /** The root that comes; null if the root stays. */
  BtreePointer newRoot();

  /** Whether it may still happen; with the commit lock held. */
  default boolean isValid() {
    return true;
  }

  /** Puts new nodes in the place of old ones; with the commit lock held. */
  void apply(long seq);
}
