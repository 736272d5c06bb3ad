// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

/** Something that is damaged and decoded. */
interface Target {
  /**
   * Runs one case. Exceptions of the format's family may come out; anything else is a defect, an
   * {@link AssertionError} too.
   */
  void run(Bench bench, Mutator mutator);
}
