// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.tables.FsckError;

/**
 * What is done about findings of some kinds. Stateless: everything is in the context.
 *
 * <p>A repair looks again before it changes anything: what was found may have changed by an earlier
 * repair. What it cannot mend it leaves alone; the next check finds it again.
 */
public interface Repair {
  /** The errors that it mends. */
  Set<FsckError> errors();

  /** Names of findings that it mends and that the format has no error for. */
  default Set<String> names() {
    return Set.of();
  }

  /** Whether it is for those errors of its kind only that no other repair is for. */
  default boolean isGeneral() {
    return false;
  }

  RepairStage stage();

  /**
   * What it does about that error, as an imperative: "write the counter anew".
   *
   * @param error null for one of its {@link #names}
   */
  String what(FsckError error);

  /** Mends what was found. */
  void run(RepairContext context, List<CheckFinding> findings);
}
