// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import org.jbcachefs.format.tables.RecoveryPass;

/** Told of what a check does and finds; whoever wants its findings alone leaves out the rest. */
public interface CheckListener {
  /** A pass begins; one after the other. */
  default void begin(RecoveryPass pass) {}

  /**
   * A pass began to look through something.
   *
   * @param what e.g. the name of a btree
   */
  default void stage(String what) {}

  /**
   * More of the stage is done; called by any thread.
   *
   * @param items looked at since the last call
   * @param fraction how much of the stage is done, 0 to 1
   */
  default void progress(long items, double fraction) {}

  /** Something is wrong; one call at a time, in an order that does not depend on threads. */
  void finding(CheckFinding finding);

  /**
   * A pass ended.
   *
   * @param nanoseconds how long it took
   */
  default void end(RecoveryPass pass, long nanoseconds) {}
}
