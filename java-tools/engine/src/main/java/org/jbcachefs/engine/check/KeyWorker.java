// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/** Looks at the keys of one range, in order; see {@link CheckContext#scan}. Used by one thread. */
public interface KeyWorker {
  /**
   * Before the first key: the range, both ends included.
   *
   * @param from first position
   * @param to last position
   */
  default void begin(Bpos from, Bpos to) {}

  /** The next key; valid until the call returns. */
  void key(Bkey key);

  /** There are no more keys in this range. */
  default void end() {}
}
