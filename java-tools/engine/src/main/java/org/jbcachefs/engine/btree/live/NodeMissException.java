// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.format.bkey.Bpos;

/**
 * A node that is needed under the commit lock is not in memory: it must be read outside of the
 * lock, and the work be begun anew. Never leaves the engine.
 */
public final class NodeMissException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int btree;
  private final int level;
  private final transient Bpos pos;

  NodeMissException(int btree, int level, Bpos pos) {
    super("not in memory", null, false, false);
    this.btree = btree;
    this.level = level;
    this.pos = pos;
  }

  public int btree() {
    return btree;
  }

  public int level() {
    return level;
  }

  /** A position in the node's range. */
  public Bpos pos() {
    return pos;
  }
}
