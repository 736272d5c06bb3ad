// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import org.jbcachefs.format.tables.RecoveryPass;

/**
 * One of the checks: looks, and reports what it finds; changes nothing, prints nothing. Made anew
 * for each run; {@link #run} is called once, by one thread, and may use more by {@link
 * CheckContext#scan}.
 *
 * <p>A pass goes on behind damage. What cannot be read was reported by whoever met it first; a pass
 * must not claim that a key is missing where {@link Damaged} says that it may have been lost.
 */
public interface CheckPass {
  /** Which of the format's passes it is. */
  RecoveryPass pass();

  /** Whether it runs only if it is asked for by name. */
  default boolean onRequest() {
    return false;
  }

  /** Checks everything that the pass is about. */
  void run(CheckContext context);
}
