// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rules;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which rules of the write path hold. All of them do; tests break one to show that the judges
 * (fsck, kernels, simulators) would notice. Immutable, thread-safe.
 */
public final class WriteRules {
  /** Every rule holds. */
  public static final WriteRules ALL = new WriteRules(EnumSet.noneOf(WriteRule.class));

  private final Set<WriteRule> broken;

  private WriteRules(Set<WriteRule> broken) {
    this.broken = broken;
  }

  /** For tests: all rules but these hold. */
  public static WriteRules breaking(WriteRule first, WriteRule... more) {
    return new WriteRules(EnumSet.of(first, more));
  }

  public boolean hold(WriteRule rule) {
    return !broken.contains(rule);
  }
}
