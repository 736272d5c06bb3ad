// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import org.jbcachefs.engine.check.CheckSummary;

/**
 * How a repair ended.
 *
 * @param first what the first check found
 * @param last what the last one found: what is left
 * @param rounds how often something was repaired and checked again
 */
public record RepairOutcome(CheckSummary first, CheckSummary last, int rounds) {
  /** Whether nothing is wrong any more. */
  public boolean isClean() {
    return last.findings() == 0;
  }

  /** Whether anything was changed. */
  public boolean isChanged() {
    return rounds > 0;
  }
}
