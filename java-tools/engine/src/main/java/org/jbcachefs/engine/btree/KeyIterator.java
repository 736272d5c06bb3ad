// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bpos;

/** Steps through keys in order, and goes anywhere among them. Allocates nothing per key. */
public interface KeyIterator extends KeySequence {
  /** The next key will be the first at or after that position. */
  void seek(Bpos pos);
}
