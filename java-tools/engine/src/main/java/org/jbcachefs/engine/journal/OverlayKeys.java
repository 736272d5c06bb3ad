// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/**
 * The journalled keys of one btree at one level, sorted by position. Each replaces the btree's own
 * key at exactly its position; type {@code deleted} hides it. Thread-safe, allocates nothing per
 * key.
 *
 * <p>In {@link Overlay#accounting} several deltas may share a position; elsewhere positions are
 * unique.
 */
public interface OverlayKeys {
  /** No keys at all. */
  OverlayKeys NONE =
      new OverlayKeys() {
        @Override
        public int size() {
          return 0;
        }

        @Override
        public int lowerBound(long inode, long offset, int snapshot) {
          return 0;
        }

        @Override
        public void get(int index, Bkey out) {
          throw new IndexOutOfBoundsException(index);
        }
      };

  int size();

  /** Index of the first key at or after that position; {@link #size} if there is none. */
  int lowerBound(long inode, long offset, int snapshot);

  default int lowerBound(Bpos pos) {
    return lowerBound(pos.inode(), pos.offset(), pos.snapshot());
  }

  /** Points the cursor at the key with that index; the value's bytes stay valid while held. */
  void get(int index, Bkey out);
}
