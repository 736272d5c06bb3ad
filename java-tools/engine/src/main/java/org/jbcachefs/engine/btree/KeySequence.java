// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bkey;

/**
 * Keys in order, from the first to the last. {@link #key} is one cursor, overwritten by {@link
 * #next}. Belongs to one thread; closing releases what it holds.
 */
public interface KeySequence extends AutoCloseable {
  /** Moves to the next key; false at the end. */
  boolean next();

  /** The current key, valid until the next step. */
  Bkey key();

  @Override
  void close();
}
