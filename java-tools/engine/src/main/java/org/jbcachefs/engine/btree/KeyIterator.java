// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Steps through keys in order. Allocates nothing per key; {@link #key} is one cursor, overwritten
 * by {@link #next}. Belongs to one thread; closing releases the nodes it holds.
 */
public interface KeyIterator extends AutoCloseable {
  /** Moves to the next key; false at the end. */
  boolean next();

  /** The current key, valid until the next step. */
  Bkey key();

  /** The next key will be the first at or after that position. */
  void seek(Bpos pos);

  @Override
  void close();
}
