// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/** Leaf keys as a commit sees them: what it changed already, and else what the btrees hold. */
public interface KeyAccess {
  /** Reads the key at exactly that position; false if there is none. */
  boolean lookup(int btree, Bpos pos, Bkey out);

  /** Reads the first key at or after that position; false if there is none. */
  boolean firstFrom(int btree, Bpos pos, Bkey out);

  /** Puts a key in the place of the one at its position. */
  void set(int btree, Bkey key);

  /** Whether this commit has put a key at that position already. */
  boolean isSet(int btree, Bpos pos);

  /** Deletes whatever is at that position. */
  void delete(int btree, Bpos pos);
}
