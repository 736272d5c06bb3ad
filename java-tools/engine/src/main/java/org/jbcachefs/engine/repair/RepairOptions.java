// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.WriteOptions;

/**
 * How to repair.
 *
 * @param write how the filesystem is opened, for reading too
 * @param check how it is checked
 * @param rounds how often something is repaired and checked again, at most
 */
public record RepairOptions(WriteOptions write, CheckOptions check, int rounds) {
  private static final int ROUNDS = 10;

  /** Ten rounds. */
  public RepairOptions(WriteOptions write, CheckOptions check) {
    this(write, check, ROUNDS);
  }
}
